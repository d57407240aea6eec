#include "engine/ops/parallel.h"

/// A region costs half a microsecond among threads that wait for it (AVX512-VNNI machine of two cores); so many
/// elements take 1.5 to 15, from additions and multiplications at full speed to weights that come from memory. A linear
/// of one row and 1024x1024 weights, 34 microseconds from L3, is two pieces of this size.
#define MIN_PIECE_ELEMENTS 8192

struct pieces {
    octi_range_fn range;
    const void *context;
    int64_t n;
};

static void do_piece(void *argument, size_t index, size_t count)
{
    const struct pieces *pieces = argument;
    int64_t each = pieces->n / (int64_t)count;
    int64_t longer = pieces->n % (int64_t)count; // the first so many pieces have one item more
    int64_t i = (int64_t)index;
    int64_t begin = i * each + (i < longer ? i : longer);
    pieces->range(pieces->context, begin, begin + each + (i < longer ? 1 : 0));
}

void octi_parallel_for(
    const struct oct_executor *executor, int64_t n, int64_t item_cost, octi_range_fn range, const void *context)
{
    if (n <= 0) {
        return;
    }
    int64_t cost = item_cost > 0 ? item_cost : 1;
    int64_t most = n > INT64_MAX / cost ? n : n * cost / MIN_PIECE_ELEMENTS;
    int64_t count = executor != NULL ? (int64_t)executor->width : 1;
    count = count < most ? count : most;
    count = count < n ? count : n;
    if (count <= 1) {
        range(context, 0, n);
        return;
    }
    struct pieces pieces = {range, context, n};
    executor->parallel(executor->context, (size_t)count, do_piece, &pieces);
}
