#include "server/config/features.h"

#include <stdlib.h>

enum oct_status oct_config_cpu_features(const char *isa, uint64_t *features, struct oct_error *error)
{
    const char *origin = "cpu.isa";
    if (isa == NULL || isa[0] == 0) {
        isa = getenv("OCT_CPU_MASK");
        origin = "OCT_CPU_MASK";
    }
    uint64_t mask = UINT64_MAX;
    if (isa != NULL && isa[0] != 0) {
        enum oct_status status = oct_cpu_mask_parse(isa, &mask, error);
        if (status != OCT_OK) {
            oct_error_prefix(error, "%s", origin);
            return status;
        }
    }
    *features = oct_cpu_detect() & mask;
    return OCT_OK;
}
