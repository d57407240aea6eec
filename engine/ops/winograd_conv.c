// DESIGN: lines of tiles are shared out, or panels where lines do not come out even. A part takes its lines in blocks
// whose transformed windows and sums stay in a second-level cache: a block's windows are transformed, then all panels
// are done, a third of the filters at a time, then what follows. Windows on the border see the padding as pixels of a
// row that holds the zero point. Transformed filters are kept by the plan where they are few; else each block makes
// them anew, which takes less time than to read eight bytes for one from far away.
#include "engine/ops/winograd_conv.h"

#include <string.h>

#include "engine/base/checked.h"
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/ops/conv_offsets.h"
#include "engine/ops/parallel.h"
#include "engine/ops/part.h"
#include "engine/ops/quantized_weights.h"

#define TILE   OCTI_QWINOGRAD_TILE
#define WINDOW OCTI_QWINOGRAD_WINDOW
#define SIDE   3 // of a filter

/// Fewer channels do not pay for the transforms.
#define MIN_CHANNELS 32
/// Of a block of tiles.
#define MAX_BLOCK_TILES 64
#define MIN_BLOCK_TILES 12
#define BLOCK_BYTES     ((size_t)2 << 20)
/// Of transformed filters that a plan keeps.
#define KEPT_BYTES ((size_t)5 << 18)
/// Parts that have working memory for blocks of full size; more of them take smaller ones.
#define FULL_PARTS 2
/// So many lines of tiles for each thread, and one more or less no longer matters.
#define MAX_UNEVEN_LINES 8
/// Products that take about as long as touching one element; see product_run.c.
#define MACS_PER_ELEMENT 64

struct octi_winograd_conv {
    const struct octi_qwinograd *kernel;
    const struct octi_panels *weights;
    size_t n_panels;        // theirs
    bool keeps;             // transformed filters; else they are made when they are needed
    const int16_t *filters; // [panels][3] thirds, where they are kept
    const uint8_t *padding;
    int64_t in_height, in_width, out_height, out_width, pad_height, pad_width;
    int64_t dilate_height, dilate_width;
    size_t channels, pitch; // of a pixel; of a transformed one
    int64_t across;         // tiles of a line, of all its images within the image
    int64_t down;           // lines of an image
    int64_t seen;           // positions of the window that lie in the image, over all its pixels
    size_t tile_bytes;      // of working memory
    size_t block;           // tiles that a part does at a time, at most
    size_t scratch_bytes;
    uint8_t zero_point;
    struct octi_output output;
};

// Tiles along every d-th of `n` outputs, for the first of them; the others have as many or fewer.
static int64_t tiles_of(int64_t n, int64_t d)
{
    return (n + TILE * d - 1) / (TILE * d);
}

// A window dilated beyond the output would have tiles without outputs, more of them than can be counted.
static bool is_plain_3x3(const struct octi_conv_geometry *geometry)
{
    for (int d = OCTI_CONV_HEIGHT; d <= OCTI_CONV_WIDTH; d++) {
        if (geometry->kernel[d] != SIDE || geometry->stride[d] != 1 || geometry->dilation[d] > geometry->out[d]) {
            return false;
        }
    }
    return geometry->groups == 1 && geometry->in[OCTI_CONV_DEPTH] == 1 && geometry->out[OCTI_CONV_DEPTH] == 1 &&
           geometry->kernel[OCTI_CONV_DEPTH] == 1;
}

static bool has_kernel(const struct oct_op_prepare_call *call, const struct octi_conv_geometry *geometry)
{
    return octi_qwinograd_select(call->cpu_features)->kernel.isa != OCTI_ISA_scalar && is_plain_3x3(geometry) &&
           geometry->group_channels >= MIN_CHANNELS;
}

// Work is weighed in dots of 64 bytes, of 32 words: what a core does two of in a cycle.
#define WINDOW_DOTS    14  // to transform a channel of a window
#define OUTPUT_DOTS    800 // to make a tile's outputs of 64 columns out of their sums
#define FILTER_DOTS    320 // to transform a channel of 64 filters, where they are not kept
#define WORTH_IT(dots) ((dots) / 16 * 17)

bool octi_winograd_conv_suits(const struct octi_winograd_conv *conv, int64_t images)
{
    const int64_t k = (int64_t)conv->channels, panels = (int64_t)conv->n_panels;
    const int64_t tiles = images * conv->across * conv->down;
    const int64_t direct = images * conv->seen * k * panels; // a dot is a channel of 64 columns, or half of one
    int64_t filtered = tiles * OCTI_QWINOGRAD_POSITIONS * 2 * k * panels;
    filtered += tiles * (k * WINDOW_DOTS + panels * OUTPUT_DOTS);
    if (!conv->keeps) {
        const int64_t block = (int64_t)conv->block;
        filtered += (tiles + block - 1) / block * panels * k * FILTER_DOTS;
    }
    return WORTH_IT(filtered) < direct;
}

// Lines of tiles of all images, and the panels of a layer: what is there to be shared out.
struct running {
    const struct oct_op_run_call *op;
    const struct octi_winograd_conv *conv;
    int64_t lines;
    int64_t parts;
    size_t block; // tiles that each does at a time, at most
    bool by_panels;
    size_t pixel_bytes; // of the output, from one to the next
};

// A part's working memory.
struct workspace {
    int16_t *filters; // a third
    int16_t *v;
    int32_t *sums;
    size_t v_plane, sum_plane;
};

static size_t filter_bytes(const struct octi_winograd_conv *conv)
{
    return conv->keeps ? 0 : octi_qwinograd_third_size(conv->channels) * sizeof(int16_t);
}

/// Planes are kept a cache line apart: their rows would meet in the same places of a cache.
#define APART_BYTES (OCTI_QWINOGRAD_POSITIONS * 2 * 64)

// The largest block for which there is working memory for each of so many parts; 0: for none.
static size_t block_of(const struct octi_winograd_conv *conv, int64_t parts)
{
    const size_t share = conv->scratch_bytes / (size_t)parts, fixed = filter_bytes(conv) + APART_BYTES;
    const size_t tiles = share > fixed ? (share - fixed) / conv->tile_bytes : 0;
    return tiles < conv->block ? tiles : conv->block;
}

static struct workspace workspace_of(const struct running *run, int64_t part)
{
    const struct octi_winograd_conv *conv = run->conv;
    const size_t bytes = filter_bytes(conv) + APART_BYTES + run->block * conv->tile_bytes;
    unsigned char *memory = (unsigned char *)run->op->scratch + (size_t)part * bytes;
    struct workspace work = {.filters = (int16_t *)(void *)memory};
    work.v_plane = run->block * conv->pitch + OCTI_QWINOGRAD_CHANNELS;
    work.sum_plane = run->block * OCTI_QWINOGRAD_COLUMNS + OCTI_QWINOGRAD_COLUMNS / 4;
    work.sums = (int32_t *)(void *)(memory + filter_bytes(conv));
    work.v = (int16_t *)(void *)(work.sums + OCTI_QWINOGRAD_POSITIONS * work.sum_plane);
    return work;
}

// The pixels that the tile sees whose first output is pixel (y, x).
static void
find_pixels(const struct octi_winograd_conv *conv, const uint8_t *image, int64_t y, int64_t x, const uint8_t **pixels)
{
    for (int64_t i = 0; i < WINDOW; i++) {
        const int64_t line = y - conv->pad_height + i * conv->dilate_height;
        for (int64_t j = 0; j < WINDOW; j++) {
            const int64_t column = x - conv->pad_width + j * conv->dilate_width;
            const bool inside = line >= 0 && line < conv->in_height && column >= 0 && column < conv->in_width;
            *pixels++ = inside ? image + (line * conv->in_width + column) * (int64_t)conv->channels : conv->padding;
        }
    }
}

// Outputs of a tile that lie before the end, `left` pixels away.
static uint8_t at_most_a_tile(int64_t left, int64_t d)
{
    const int64_t n = left > 0 ? (left + d - 1) / d : 0;
    return (uint8_t)(n < TILE ? n : TILE);
}

// Windows of tile `tile`, counted through all images, to row `row`; returns where its outputs go.
static struct octi_qwinograd_target
transform_window(const struct running *run, const struct workspace *work, int64_t tile, size_t row)
{
    const struct octi_winograd_conv *conv = run->conv;
    const int64_t line = tile / conv->across, image = line / conv->down, inside = tile % conv->across;
    const int64_t within =
        conv->across / conv->dilate_height; // of one of the images' lines, those side by side together
    const int64_t dy = conv->dilate_height, dx = conv->dilate_width;
    const int64_t y = line % conv->down * TILE * dy + inside / within;
    const int64_t x = inside % within / dx * TILE * dx + inside % dx;
    const size_t image_bytes = (size_t)(conv->in_height * conv->in_width) * conv->channels;
    const uint8_t *images = run->op->inputs[OCTI_WEIGHTED_X].data;
    const uint8_t *pixels[OCTI_QWINOGRAD_POSITIONS];
    find_pixels(conv, images + (size_t)image * image_bytes, y, x, pixels);
    conv->kernel->windows(pixels, conv->channels, conv->zero_point, work->v + row * conv->pitch, work->v_plane);
    struct octi_qwinograd_target target = {.height = at_most_a_tile(conv->out_height - y, dy),
                                           .width = at_most_a_tile(conv->out_width - x, dx)};
    if (target.height > 0 && target.width > 0) {
        const int64_t pixel = (image * conv->out_height + y) * conv->out_width + x;
        target.c = (uint8_t *)run->op->outputs[0].data + (size_t)pixel * run->pixel_bytes;
    }
    return target;
}

// Tiles [begin, end) by panels [first, last).
static void
filter(const struct running *run, const struct workspace *work, int64_t begin, int64_t end, size_t first, size_t last)
{
    const struct octi_winograd_conv *conv = run->conv;
    struct octi_qwinograd_target targets[MAX_BLOCK_TILES];
    for (int64_t tile = begin; tile < end; tile++) {
        targets[tile - begin] = transform_window(run, work, tile, (size_t)(tile - begin));
    }
    const struct octi_qwinograd_call call = {
        .n = (size_t)(end - begin),
        .k = conv->channels,
        .v = work->v,
        .v_pitch = conv->pitch,
        .v_plane = work->v_plane,
        .sums = work->sums,
        .sum_plane = work->sum_plane,
        .targets = targets,
        .c_stride = (size_t)conv->dilate_width * run->pixel_bytes,
        .c_line = (size_t)(conv->dilate_height * conv->out_width) * run->pixel_bytes,
        .output = conv->output,
    };
    for (size_t p = first; p < last; p++) {
        const struct octi_panel *panel = &conv->weights->panels[p];
        for (size_t third = 0; third < OCTI_QWINOGRAD_THIRDS; third++) {
            const int16_t *u = work->filters;
            if (conv->keeps) {
                u = conv->filters + (p * OCTI_QWINOGRAD_THIRDS + third) * octi_qwinograd_third_size(conv->channels);
            } else {
                conv->kernel->filters(conv->weights, panel, third, work->filters);
            }
            conv->kernel->multiply(&call, third, u);
        }
        conv->kernel->finish(&call, conv->weights, panel);
    }
}

// The row of the output that tile line `line` begins with.
static int64_t row_of(const struct octi_winograd_conv *conv, int64_t line)
{
    const int64_t y = line % conv->down * TILE * conv->dilate_height;
    return (line / conv->down * conv->out_height + y) * conv->out_width;
}

// Lines [begin, end) by panels [first, last), in blocks.
static void filter_lines(
    const struct running *run, const struct workspace *work, int64_t begin, int64_t end, size_t first, size_t last)
{
    const struct octi_winograd_conv *conv = run->conv;
    const struct octi_panel *end_panel = &conv->weights->panels[last - 1];
    const int64_t most = (int64_t)run->block;
    const int64_t lines = most / conv->across > 1 ? most / conv->across : 1;
    while (begin < end) {
        const int64_t blocks = (end - begin + lines - 1) / lines;
        const int64_t stop = begin + (end - begin + blocks - 1) / blocks;
        for (int64_t tile = begin * conv->across, next; tile < stop * conv->across; tile = next) {
            const int64_t left = stop * conv->across - tile, pieces = (left + most - 1) / most;
            next = tile + (left + pieces - 1) / pieces;
            filter(run, work, tile, next, first, last);
        }
        const struct oct_op_part part = {.row_begin = row_of(conv, begin),
                                         .row_end = row_of(conv, stop),
                                         .column_begin = (int64_t)conv->weights->panels[first].first,
                                         .column_end = (int64_t)(end_panel->first + end_panel->n)};
        octi_part_done(run->op, &part);
        begin = stop;
    }
}

// Parts [begin, end), each of lines or panels of its own.
static void do_parts(const void *context, int64_t begin, int64_t end)
{
    const struct running *run = context;
    const int64_t panels = (int64_t)run->conv->n_panels, items = run->by_panels ? panels : run->lines;
    for (int64_t part = begin; part < end; part++) {
        const struct workspace work = workspace_of(run, part);
        const int64_t first = part * items / run->parts, last = (part + 1) * items / run->parts;
        if (run->by_panels) {
            filter_lines(run, &work, 0, run->lines, (size_t)first, (size_t)last);
        } else {
            filter_lines(run, &work, first, last, 0, (size_t)panels);
        }
    }
}

void octi_winograd_conv_run(const struct octi_winograd_conv *conv, const struct oct_op_run_call *call)
{
    const struct oct_view *y = &call->outputs[0];
    const int64_t panels = (int64_t)conv->n_panels, lines = y->desc.shape.dims[0] * conv->down;
    struct running run = {.op = call, .conv = conv, .lines = lines, .parts = 1};
    run.pixel_bytes = (size_t)y->strides[y->desc.shape.rank - 1];
    if (call->executor != NULL) {
        int64_t width = (int64_t)call->executor->width;
        while (width > 1 && block_of(conv, width) < MIN_BLOCK_TILES) {
            width--;
        }
        // Panels share the windows, which each part then transforms for itself; lines share the filters.
        run.by_panels = panels % width == 0 && (!conv->keeps || lines % width != 0) && lines < MAX_UNEVEN_LINES * width;
        run.parts = run.by_panels || width < lines ? width : lines;
    }
    run.block = block_of(conv, run.parts);
    const int64_t cost = lines * conv->across * panels * OCTI_QWINOGRAD_COLUMNS * (int64_t)conv->pitch *
                         OCTI_QWINOGRAD_POSITIONS / MACS_PER_ELEMENT;
    octi_parallel_for(call->executor, run.parts, cost / run.parts, do_parts, &run);
}

static enum oct_status keep_filters(struct oct_op_prepare_call *call, struct octi_winograd_conv *conv)
{
    const size_t third = octi_qwinograd_third_size(conv->channels); // a few of them: no overflow
    int16_t *filters = oct_op_prepare_reserve(call, conv->n_panels * OCTI_QWINOGRAD_THIRDS * third * sizeof *filters);
    if (filters == NULL) {
        return OCT_ERR_NOMEM;
    }
    conv->filters = filters;
    for (size_t p = 0; p < conv->n_panels; p++) {
        for (size_t i = 0; i < OCTI_QWINOGRAD_THIRDS; i++, filters += third) {
            conv->kernel->filters(conv->weights, &conv->weights->panels[p], i, filters);
        }
    }
    return OCT_OK;
}

// A pixel and a panel's weights are in memory: nothing overflows.
static void plan_blocks(struct octi_winograd_conv *conv)
{
    const size_t panel_bytes = OCTI_QWINOGRAD_THIRDS * octi_qwinograd_third_size(conv->channels) * sizeof(int16_t);
    conv->keeps = conv->n_panels <= KEPT_BYTES / panel_bytes;
    conv->tile_bytes =
        OCTI_QWINOGRAD_POSITIONS * (conv->pitch * sizeof(int16_t) + OCTI_QWINOGRAD_COLUMNS * sizeof(int32_t));
    conv->block = BLOCK_BYTES / conv->tile_bytes;
    conv->block = conv->block < MAX_BLOCK_TILES ? conv->block : MAX_BLOCK_TILES;
    conv->block = conv->block > MIN_BLOCK_TILES ? conv->block : MIN_BLOCK_TILES;
    conv->scratch_bytes = FULL_PARTS * (filter_bytes(conv) + APART_BYTES + conv->block * conv->tile_bytes);
}

static void describe(const struct oct_op_prepare_call *call,
                     const struct octi_conv_geometry *geometry,
                     struct octi_winograd_conv *conv)
{
    conv->kernel = octi_qwinograd_select(call->cpu_features);
    conv->channels = (size_t)geometry->group_channels;
    conv->pitch = (conv->channels + OCTI_QWINOGRAD_CHANNELS - 1) / OCTI_QWINOGRAD_CHANNELS * OCTI_QWINOGRAD_CHANNELS;
    conv->in_height = geometry->in[OCTI_CONV_HEIGHT];
    conv->in_width = geometry->in[OCTI_CONV_WIDTH];
    conv->out_height = geometry->out[OCTI_CONV_HEIGHT];
    conv->out_width = geometry->out[OCTI_CONV_WIDTH];
    conv->pad_height = geometry->padding[OCTI_CONV_HEIGHT];
    conv->pad_width = geometry->padding[OCTI_CONV_WIDTH];
    conv->dilate_height = geometry->dilation[OCTI_CONV_HEIGHT];
    conv->dilate_width = geometry->dilation[OCTI_CONV_WIDTH];
    conv->across = tiles_of(conv->out_width, conv->dilate_width) * conv->dilate_width * conv->dilate_height;
    conv->down = tiles_of(conv->out_height, conv->dilate_height);
    conv->zero_point = (uint8_t)call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point;
}

enum oct_status octi_winograd_conv_plan(struct oct_op_prepare_call *call,
                                        const struct octi_conv_geometry *geometry,
                                        size_t n_panels,
                                        struct octi_output output,
                                        int64_t seen,
                                        struct octi_winograd_conv **out)
{
    *out = NULL;
    if (!has_kernel(call, geometry)) {
        return OCT_OK;
    }
    struct octi_winograd_conv *conv = oct_op_prepare_alloc(call, sizeof *conv);
    if (conv == NULL) {
        return OCT_ERR_NOMEM;
    }
    describe(call, geometry, conv);
    conv->n_panels = n_panels;
    conv->output = output;
    conv->seen = seen;
    plan_blocks(conv);
    *out = octi_winograd_conv_suits(conv, call->max_rows) ? conv : NULL;
    return OCT_OK;
}

enum oct_status octi_winograd_conv_finish(struct oct_op_prepare_call *call,
                                          struct octi_winograd_conv *conv,
                                          const struct octi_panels *weights)
{
    conv->weights = weights;
    conv->padding = octi_conv_padding(call, conv->channels, conv->zero_point);
    if (conv->padding == NULL) {
        return OCT_ERR_NOMEM;
    }
    call->scratch_bytes = conv->scratch_bytes;
    call->kernel = octi_winograd_conv_suits(conv, 1) ? conv->kernel->kernel.name : call->kernel;
    return conv->keeps ? keep_filters(call, conv) : OCT_OK;
}
