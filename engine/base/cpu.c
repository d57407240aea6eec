#include "octet/cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cpu_family.h"

static const char *const feature_names[OCT_CPU_FEATURE_COUNT] = {
#define OCT_CPU_FEATURE(name, text, source) [OCT_CPU_INDEX_##name] = text,
#include "octet/cpu_features.def"
#undef OCT_CPU_FEATURE
};

struct isa_row {
    const char *name;
    uint64_t required;
};

// Lowest first. engine/kernels/isa.def is data shared with the build, not a header of the layer above.
static const struct isa_row isa_rows[] = {
#define OCT_ISA(tag, family, required, flags) {#tag, required},
#include "engine/kernels/isa.def"
#undef OCT_ISA
};
#define N_ISA_ROWS (sizeof isa_rows / sizeof isa_rows[0])

uint64_t oct_cpu_detect(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
    return octi_cpu_detect_family();
#else
    return 0;
#endif
}

const char *oct_cpu_feature_name(size_t index)
{
    return index < OCT_CPU_FEATURE_COUNT ? feature_names[index] : NULL;
}

const char *oct_cpu_isa_name(uint64_t features)
{
    const char *name = isa_rows[0].name;
    for (size_t i = 0; i < N_ISA_ROWS; i++) {
        if ((isa_rows[i].required & ~features) == 0) {
            name = isa_rows[i].name;
        }
    }
    return name;
}

enum oct_status oct_cpu_mask_parse(const char *text, uint64_t *mask, struct oct_error *error)
{
    for (size_t i = 0; i < N_ISA_ROWS; i++) {
        if (strcmp(text, isa_rows[i].name) == 0) {
            *mask = isa_rows[i].required;
            return OCT_OK;
        }
    }
    char *end = NULL;
    errno = 0;
    unsigned long long number = strncmp(text, "0x", 2) == 0 ? strtoull(text, &end, 16) : 0;
    if (end != NULL && end != text + 2 && *end == '\0' && errno == 0) {
        *mask = number;
        return OCT_OK;
    }
    char known[256] = "";
    for (size_t i = 0; i < N_ISA_ROWS; i++) {
        strncat(known, i > 0 ? " " : "", sizeof known - strlen(known) - 1);
        strncat(known, isa_rows[i].name, sizeof known - strlen(known) - 1);
    }
    return oct_error_set(error, OCT_ERR_INVALID, "cpu mask", OCT_POSITION_NONE,
                         "'%s' is neither a level (%s) nor a hexadecimal number beginning with 0x", text, known);
}
