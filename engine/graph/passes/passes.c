#include "engine/graph/passes/passes.h"

#include "engine/graph/edit.h"

static const struct octi_pass PASSES[] = {
#define OCT_PASS(identifier, required, doc) {#identifier, required, doc, octi_pass_##identifier},
#include "engine/graph/passes/passes.def"
#undef OCT_PASS
};

size_t octi_pass_count(void)
{
    return sizeof PASSES / sizeof PASSES[0];
}

const struct octi_pass *octi_pass_at(size_t index)
{
    return &PASSES[index];
}

enum oct_status octi_pass_run(const struct octi_pass *pass, struct oct_graph *graph, struct oct_error *error)
{
    enum oct_status status = pass->run(graph, error);
    if (status == OCT_OK && !pass->required) {
        status = octi_graph_prune(graph, error);
    }
    if (status == OCT_OK) {
        status = octi_graph_tidy(graph, error);
    }
    if (status != OCT_OK) {
        oct_error_prefix(error, "pass %s", pass->name);
    }
    return status;
}

enum oct_status octi_graph_rewrite(struct oct_graph *graph, bool required_only, struct oct_error *error)
{
    for (size_t i = 0; i < octi_pass_count(); i++) {
        if (required_only && !PASSES[i].required) {
            continue;
        }
        enum oct_status status = octi_pass_run(&PASSES[i], graph, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}
