// DESIGN: a part of the work is a range of rows by a range of panels. Rows are cut at images, whose activations begin
// anew, and within an image into blocks: all panels of a block are done before the next one begins, so that its
// activations and results stay in the cache. A block is as large as that allows, because every block reads all the
// weights again; where there are more weights than that, they should be read once.
#include "engine/ops/product_run.h"

#include "engine/ops/parallel.h"
#include "engine/ops/part.h"

/// Multiplications that take about as long as touching one element: the unit octi_parallel_for() weighs items in.
#define MACS_PER_ELEMENT 64
/// Fewer rows than this per part: the parts share out columns instead, so that each still fills its tiles.
#define MIN_PART_ROWS 24
/// Of activations and results of a block: part of a second-level cache, the rest of which the weights pass through.
#define BLOCK_BYTES ((int64_t)256 << 10)
/// Fewer rows than this would read weights more often than they are worth.
#define MIN_BLOCK_ROWS 96

// Rows of a block, before which and after which the rows do not matter to one another.
static int64_t block_rows(const struct octi_product *product)
{
    int64_t bytes = (int64_t)(product->groups * (product->weights->k + product->weights->n_columns));
    int64_t rows = BLOCK_BYTES / bytes;
    return rows > MIN_BLOCK_ROWS ? rows : MIN_BLOCK_ROWS;
}

// Rows [begin, end), which lie in one image, by panels [first, last) of all groups taken together.
static void multiply(const struct octi_product *product, int64_t begin, int64_t end, size_t first, size_t last)
{
    int64_t image = product->image_rows > 0 ? begin / product->image_rows : 0;
    int64_t inside = begin - image * product->image_rows; // within the image
    size_t per_group = product->weights->n_panels;
    for (size_t i = first; i < last; i++) {
        size_t g = i / per_group;
        const struct octi_panels *weights = &product->weights[g];
        struct octi_qgemm_call call = product->call;
        call.m = (size_t)(end - begin);
        call.line_first = call.line > 0 ? (size_t)inside % call.line : 0;
        call.a += (size_t)image * product->image_bytes + g * product->group_channels;
        if (call.offsets != NULL) {
            call.offsets += inside;
        } else {
            call.a += (size_t)inside * call.a_stride;
        }
        call.c += (size_t)begin * call.c_stride + g * weights->n_columns;
        product->run(&call, weights, &weights->panels[i % per_group]);
    }
}

// The rows of a block are finished in those panels: what follows is done while they are in the cache.
static void finish(const struct octi_product *product, int64_t begin, int64_t end, size_t first, size_t last)
{
    if (product->op->n_followers == 0) {
        return;
    }
    const struct octi_panels *weights = product->weights; // every group is cut alike
    size_t n = weights->n_panels;
    const struct octi_panel *end_panel = &weights->panels[(last - 1) % n];
    const struct oct_op_part part = {
        .row_begin = product->first_row + begin,
        .row_end = product->first_row + end,
        .column_begin = (int64_t)(first / n * weights->n_columns + weights->panels[first % n].first),
        .column_end = (int64_t)((last - 1) / n * weights->n_columns + end_panel->first + end_panel->n),
    };
    octi_part_done(product->op, &part);
}

static void multiply_blocks(const struct octi_product *product, int64_t begin, int64_t end, size_t first, size_t last)
{
    const int64_t block = block_rows(product);
    while (begin < end) {
        int64_t stop = end;
        if (product->image_rows > 0) {
            int64_t image_end = (begin / product->image_rows + 1) * product->image_rows;
            stop = image_end < end ? image_end : end;
        }
        if (stop - begin > block) {
            // Blocks of one size: a small last one would read all weights for a few rows.
            int64_t blocks = (stop - begin + block - 1) / block;
            stop = begin + (stop - begin + blocks - 1) / blocks;
        }
        multiply(product, begin, stop, first, last);
        finish(product, begin, stop, first, last);
        begin = stop;
    }
}

static void do_rows(const void *context, int64_t begin, int64_t end)
{
    const struct octi_product *product = context;
    multiply_blocks(product, begin, end, 0, product->groups * product->weights->n_panels);
}

static void do_panels(const void *context, int64_t begin, int64_t end)
{
    const struct octi_product *product = context;
    multiply_blocks(product, 0, product->rows, (size_t)begin, (size_t)end);
}

void octi_product_run(const struct octi_product *product)
{
    const struct oct_executor *executor = product->op->executor;
    const struct octi_panels *weights = product->weights;
    int64_t depth = (int64_t)(weights->taps * weights->k);
    int64_t n_panels = (int64_t)(product->groups * weights->n_panels);
    int64_t columns = (int64_t)(product->groups * weights->n_columns);
    if (executor != NULL && n_panels > 1 && product->rows < MIN_PART_ROWS * (int64_t)executor->width) {
        int64_t panel_cost = product->rows * (columns / n_panels + 1) * depth / MACS_PER_ELEMENT;
        octi_parallel_for(executor, n_panels, panel_cost, do_panels, product);
        return;
    }
    octi_parallel_for(executor, product->rows, columns * depth / MACS_PER_ELEMENT, do_rows, product);
}
