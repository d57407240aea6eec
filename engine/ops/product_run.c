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
/// The same where panels divide evenly: then each part reads its weights only.
#define MIN_EVEN_PART_ROWS 48
/// Of activations and results of a block: part of a second-level cache, the rest of which the weights pass through.
#define BLOCK_BYTES ((int64_t)256 << 10)
/// Gathered rows are written first: a first-level cache should hold them.
#define GATHERED_BYTES ((int64_t)24 << 10)
/// Fewer rows than this would read weights more often than they are worth.
#define MIN_BLOCK_ROWS 96
/// More weights than this leave the second-level cache before they are read again: then blocks are longer.
#define FAR_WEIGHT_BYTES   ((int64_t)1 << 20)
#define MIN_FAR_BLOCK_ROWS 256

// Rows that stay together: those of a line, where the kernel takes lines.
static int64_t unit_rows(const struct octi_product *product)
{
    return product->call.tap_offsets != NULL ? (int64_t)product->call.line : 1;
}

static int64_t rows_within(int64_t block_bytes, size_t groups, size_t taps, size_t k, size_t columns)
{
    int64_t bytes = (int64_t)(groups * k + columns);
    int64_t weight_bytes = (int64_t)columns * (int64_t)(taps * k);
    int64_t least = weight_bytes > FAR_WEIGHT_BYTES ? MIN_FAR_BLOCK_ROWS : MIN_BLOCK_ROWS;
    int64_t rows = block_bytes / bytes;
    return rows > least ? rows : least;
}

int64_t octi_product_block_rows(size_t groups, size_t taps, size_t k, size_t columns)
{
    return rows_within(BLOCK_BYTES, groups, taps, k, columns);
}

static int64_t block_rows(const struct octi_product *product, const struct octi_gathered_slice *slice)
{
    const struct octi_panels *weights = product->weights;
    int64_t unit = unit_rows(product);
    int64_t rows = rows_within(slice->to != NULL ? GATHERED_BYTES : BLOCK_BYTES, product->groups, weights->taps,
                               weights->k, product->groups * weights->n_columns);
    rows = rows / unit * unit;
    rows = rows > unit ? rows : unit;
    return slice->to != NULL && slice->rows < rows ? slice->rows : rows;
}

// Row `m` of group `g`.
static void call_at(const struct octi_product *product, size_t g, int64_t m, struct octi_qgemm_call *call)
{
    int64_t image = product->image_rows > 0 ? m / product->image_rows : 0;
    int64_t inside = m - image * product->image_rows; // within the image
    *call = product->call;
    call->line_first = call->line > 0 ? (size_t)inside % call->line : 0;
    call->a += (size_t)image * product->image_bytes + g * product->group_channels;
    if (call->offsets != NULL) {
        call->offsets += inside;
    } else if (call->tap_offsets != NULL) {
        call->a += (size_t)inside / call->line * call->line_stride;
    } else {
        call->a += (size_t)inside * call->a_stride;
    }
    call->c += (size_t)m * call->c_stride + g * product->weights->n_columns;
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

// Where the image of row `begin` ends, but no later than `end`.
static int64_t image_end(const struct octi_product *product, int64_t begin, int64_t end)
{
    int64_t last = product->image_rows > 0 ? (begin / product->image_rows + 1) * product->image_rows : end;
    return last < end ? last : end;
}

static void gather(const struct octi_product *product, size_t g, int64_t begin, int64_t end, uint8_t *to)
{
    const struct octi_gathered_rows *rows = &product->gathered;
    while (begin < end) {
        struct octi_qgemm_call call;
        call_at(product, g, begin, &call);
        int64_t stop = image_end(product, begin, end);
        call.m = (size_t)(stop - begin);
        rows->gather(&call, rows->taps, rows->k, rows->pitch, to);
        to += call.m * rows->pitch;
        begin = stop;
    }
}

// Rows [begin, end), which lie in one image unless they are gathered, by panels [first, last) of all groups taken
// together.
static void multiply(const struct octi_product *product,
                     int64_t begin,
                     int64_t end,
                     size_t first,
                     size_t last,
                     const struct octi_gathered_slice *slice)
{
    size_t per_group = product->weights->n_panels;
    for (size_t i = first; i < last; i++) {
        size_t g = i / per_group;
        const struct octi_panels *weights = &product->weights[g];
        struct octi_qgemm_call call;
        call_at(product, g, begin, &call);
        call.m = (size_t)(end - begin);
        if (slice->to != NULL) {
            if (i == first || i % per_group == 0) {
                gather(product, g, begin, end, slice->to);
            }
            call.a = slice->to;
            call.a_stride = product->gathered.pitch;
            call.offsets = NULL;
        }
        product->run(&call, weights, &weights->panels[i % per_group]);
    }
}

// Rows [begin, end) of an image, zone by zone.
static void multiply_zones(const struct octi_product *product, int64_t begin, int64_t end, size_t first, size_t last)
{
    const struct octi_product_zones *zones = product->zones;
    const int64_t image = begin / product->image_rows * product->image_rows;
    int64_t from[OCTI_MAX_ZONES], to[OCTI_MAX_ZONES];
    for (size_t z = 0; z < zones->n; z++) {
        from[z] = octi_product_zone_find(&zones->zones[z], begin - image);
        to[z] = octi_product_zone_find(&zones->zones[z], end - image);
    }
    const size_t per_group = product->weights->n_panels;
    for (size_t i = first; i < last; i++) {
        const size_t g = i / per_group;
        const struct octi_panels *weights = &product->weights[g];
        struct octi_qgemm_call call;
        call_at(product, g, image, &call);
        for (size_t z = 0; z < zones->n; z++) {
            const struct octi_product_zone *zone = &zones->zones[z];
            call.m = (size_t)(to[z] - from[z]);
            call.offsets = zone->offsets + from[z];
            call.offset_stride = (size_t)zone->n_rows;
            call.c_rows = zone->rows + from[z];
            call.taps = zone->taps.taps;
            call.n_taps = zone->taps.n;
            call.start = zones->starts + (g * zones->n + z) * zones->positions;
            if (call.m > 0) {
                product->run(&call, weights, &weights->panels[i % per_group]);
            }
        }
    }
}

static void multiply_blocks(const struct octi_product *product,
                            int64_t begin,
                            int64_t end,
                            size_t first,
                            size_t last,
                            const struct octi_gathered_slice *slice)
{
    const int64_t block = block_rows(product, slice);
    const int64_t unit = unit_rows(product);
    while (begin < end) {
        int64_t stop = slice->to != NULL ? end : image_end(product, begin, end);
        if (stop - begin > block) {
            // Blocks of one size: a small last one would read all weights for a few rows.
            int64_t blocks = (stop - begin + block - 1) / block;
            int64_t rows = (stop - begin + blocks - 1) / blocks;
            stop = begin + (rows + unit - 1) / unit * unit;
        }
        if (product->zones != NULL) {
            multiply_zones(product, begin, stop, first, last);
        } else {
            multiply(product, begin, stop, first, last, slice);
        }
        finish(product, begin, stop, first, last);
        begin = stop;
    }
}

// The part of the gathering buffer that belongs to items [begin, end) of n.
static struct octi_gathered_slice slice_of(const struct octi_product *product, int64_t begin, int64_t end, int64_t n)
{
    return product->gathered.gather != NULL
               ? octi_gathered_rows_slice(&product->gathered, product->buffer, begin, end, n)
               : (struct octi_gathered_slice){.to = NULL};
}

// Units of rows.
static void do_rows(const void *context, int64_t begin, int64_t end)
{
    const struct octi_product *product = context;
    int64_t unit = unit_rows(product);
    const struct octi_gathered_slice slice = slice_of(product, begin, end, product->rows / unit);
    multiply_blocks(product, begin * unit, end * unit, 0, product->groups * product->weights->n_panels, &slice);
    octi_qgemm_done(&product->weights->geometry);
}

static void do_panels(const void *context, int64_t begin, int64_t end)
{
    const struct octi_product *product = context;
    int64_t n_panels = (int64_t)(product->groups * product->weights->n_panels);
    const struct octi_gathered_slice slice = slice_of(product, begin, end, n_panels);
    multiply_blocks(product, 0, product->rows, (size_t)begin, (size_t)end, &slice);
    octi_qgemm_done(&product->weights->geometry);
}

static bool shares_panels(const struct octi_product *product, int64_t n_panels, int64_t parts)
{
    const int64_t least = n_panels % parts == 0 ? MIN_EVEN_PART_ROWS : MIN_PART_ROWS;
    return product->rows < least * parts;
}

void octi_product_run(const struct octi_product *product)
{
    const struct oct_executor *executor = product->op->executor;
    const struct octi_panels *weights = product->weights;
    int64_t depth = (int64_t)(weights->taps * weights->k);
    int64_t n_panels = (int64_t)(product->groups * weights->n_panels);
    int64_t columns = (int64_t)(product->groups * weights->n_columns);
    struct oct_executor narrowed;
    if (executor != NULL && product->gathered.gather != NULL) {
        size_t parts = product->gathered.parts;
        narrowed = *executor;
        narrowed.width = executor->width < parts ? executor->width : parts;
        executor = &narrowed;
    }
    if (executor != NULL && n_panels > 1 && shares_panels(product, n_panels, (int64_t)executor->width)) {
        int64_t panel_cost = product->rows * (columns / n_panels + 1) * depth / MACS_PER_ELEMENT;
        octi_parallel_for(executor, n_panels, panel_cost, do_panels, product);
        return;
    }
    int64_t unit = unit_rows(product);
    octi_parallel_for(executor, product->rows / unit, unit * columns * depth / MACS_PER_ELEMENT, do_rows, product);
}
