/// The rewriting passes: each a function over a graph that rewriting owns (see engine/graph/edit.h), a row of
/// passes.def, and a test on a small graph. After every pass the driver prunes what nothing reads and tidies.
///
/// Adding a pass: one file here with `octi_pass_<identifier>`, one row, one test.
/// Threads: [one] per graph.
#ifndef OCTET_ENGINE_GRAPH_PASSES_PASSES_H
#define OCTET_ENGINE_GRAPH_PASSES_PASSES_H

#include "engine/graph/graph_impl.h"

/// Rewrites a tidy graph in place. Errors: OCT_ERR_NOMEM, OCT_ERR_LIMIT, OCT_ERR_UNSUPPORTED (required passes only),
/// OCT_ERR_INTERNAL.
typedef enum oct_status (*octi_pass_fn)(struct oct_graph *graph, struct oct_error *error);

struct octi_pass {
    const char *name;
    bool required;
    const char *doc;
    octi_pass_fn run;
};

#define OCT_PASS(identifier, required, doc)                                                                            \
    OCT_NODISCARD enum oct_status octi_pass_##identifier(struct oct_graph *graph, struct oct_error *error);
#include "engine/graph/passes/passes.def"
#undef OCT_PASS

size_t octi_pass_count(void);
/// `index` < count.
const struct octi_pass *octi_pass_at(size_t index);

/// Runs one pass with its clean-up. A required pass prunes nothing.
OCT_NODISCARD enum oct_status
octi_pass_run(const struct octi_pass *pass, struct oct_graph *graph, struct oct_error *error);

/// Runs all passes, or the required ones alone.
OCT_NODISCARD enum oct_status octi_graph_rewrite(struct oct_graph *graph, bool required_only, struct oct_error *error);

#endif
