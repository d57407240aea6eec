// DESIGN: a convolution is a matrix product whose rows are addressed through a table: for every output pixel and window
// position, where the input's channels begin. No image is rearranged. Positions outside the image stand for a row of
// the plan that holds the input's zero point; where there are many, output pixels are taken in zones that see the same
// positions (conv_zones). 1x1 windows need no table; depthwise convolution and groups of few channels have kernels of
// their own.
// To all of them a window is lines of positions: of depth, height and width only the width's neighbours matter.
// A first layer has too few channels for that: 3 of them would be a quad with a hole in it, and an address each time.
// It reads a padded copy of the image instead, in which a row of the window is one run of bytes. So do windows of one
// row (1-D convolution), however many channels they have. Without padding the image is its own copy.
// Kernels of tiles want rows one stride apart. They get them by output lines where channels are whole cache lines
// (conv_lines), and gathered block by block where they are not (gathered_rows).
#include "engine/ops/quantized_conv.h"

#include "engine/base/checked.h"
#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/kernels/qfirstconv/qfirstconv.h"
#include "engine/kernels/qgroupconv/qgroupconv.h"
#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/ops/conv_lines.h"
#include "engine/ops/conv_offsets.h"
#include "engine/ops/conv_zones.h"
#include "engine/ops/element.h"
#include "engine/ops/merged_groups.h"
#include "engine/ops/op_support.h"
#include "engine/ops/packed_product.h"
#include "engine/ops/padded_image.h"
#include "engine/ops/product_run.h"
#include "engine/ops/quantized_weights.h"
#include "engine/ops/winograd_conv.h"

/// Above this many channels the holes of a pixel-wise product are small, and a copy of the image costs more than it
/// saves.
#define MAX_ROW_TAP_CHANNELS 4
/// Groups of more channels are left to tiles where there are some.
#define MAX_CHANNELS_BESIDE_TILES 8
/// Of the products: zones that save less are not worth their tables; nor, in a kernel for groups, which has few
/// products for each pixel of a call, its bookkeeping.
#define LEAST_SAVING         0.02
#define LEAST_GROUPED_SAVING 0.06
/// What kernels may read behind the last byte they use.
#define READABLE_PAST_END 64

enum oct_status octi_quantized_conv_infer(struct oct_op_infer_call *call)
{
    int32_t rank = 2 + octi_conv_dims(call->attributes);
    struct oct_qparams qparams;
    struct oct_shape shape;
    if (!octi_infer_quantized_activations(call) || !octi_infer_rank(call, OCTI_WEIGHTED_X, rank, rank) ||
        !octi_infer_output_qparams(call, OCTI_QUANTIZED_CONV_OUTPUT_SCALE, OCTI_QUANTIZED_CONV_OUTPUT_ZERO_POINT,
                                   call->inputs[OCTI_WEIGHTED_X]->dtype, &qparams) ||
        !octi_infer_quantized_weights(call, rank, &qparams) || !octi_infer_conv_shape(call, &shape)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *y = &call->outputs[0];
    *y = *call->inputs[OCTI_WEIGHTED_X];
    y->format = OCT_FORMAT_CONTIGUOUS;
    y->shape = shape;
    y->qparams = qparams;
    return OCT_OK;
}

// How a kernel is told where its rows are.
enum reading {
    READS_PIXELS,   // input pixels are the rows
    READS_TABLE,    // an offset for every output pixel and window position
    READS_ROW_TAPS, // an offset for every output pixel; lines of the window are the taps
    READS_LINES,    // output lines, of an image without padding
};

struct conv {
    octi_qgemm_fn kernel;
    struct octi_panels *weights; // [groups]
    size_t groups;
    size_t group_channels; // that each group reads; 0 when one call sees all channels
    size_t in_channels;
    int64_t pixels;     // of an output image
    size_t image_bytes; // of an input image
    enum reading reading;
    bool copies; // `padded` is what is read; else the input images are
    // [window][pixels] into an image; [taps][pixels of an output plane] into a padded image.
    struct octi_conv_offsets table;
    struct octi_product_zones zones; // in the place of the table
    const uint8_t *padding;
    size_t padding_pixels; // a line of the image where a kernel works along lines, else 1
    size_t line, x_stride; // of output pixels and of the input between them
    struct octi_padded_image padded;
    struct octi_conv_lines lines;
    struct octi_gathered_rows gathered; // how kernels that want it get their rows
    size_t buffer_at;                   // of the scratch, behind the padded image
    int64_t plane_pixels;               // of an output plane
    size_t plane_step;                  // of the padded image between output planes
    struct octi_output output;
    const struct octi_winograd_conv *winograd; // NULL, or another way to the same outputs
};

static void set_offsets(const struct conv *state, struct octi_qgemm_call *call)
{
    call->offsets = state->table.offsets;
    call->offset_stride = state->table.offset_stride;
    call->tap_stride = state->table.tap_stride;
}

// One image at a time: its copy is read while it is in the cache. Output planes are alike, so one's table is enough;
// and where the images are read in place and have one plane, so are they.
static void run_images(const struct oct_op_run_call *call, const struct conv *state, struct octi_product *product)
{
    const uint8_t *x = call->inputs[OCTI_WEIGHTED_X].data;
    int64_t images = call->outputs[0].desc.shape.dims[0];
    product->image_rows = state->plane_pixels;
    product->image_bytes = state->plane_step;
    if (state->reading == READS_LINES) {
        product->call.a_stride = state->lines.pixel_stride;
        product->call.line_stride = state->lines.line_stride;
        product->call.line = state->line;
        product->call.tap_offsets = state->lines.tap_offsets;
    } else {
        set_offsets(state, &product->call);
        product->call.line = state->line;
        product->call.x_stride = state->x_stride * state->in_channels;
    }
    if (!state->copies && state->plane_pixels == state->pixels) {
        product->image_bytes = state->image_bytes;
        octi_product_run(product);
        return;
    }
    product->rows = state->pixels;
    for (int64_t n = 0; n < images; n++) {
        product->call.a = x + (size_t)n * state->image_bytes;
        if (state->copies) {
            octi_padded_image_fill(&state->padded, product->call.a, call->scratch);
            product->call.a = call->scratch;
        }
        octi_product_run(product);
        product->call.c += (size_t)state->pixels * product->call.c_stride;
        product->first_row += state->pixels;
    }
}

static void run(const struct oct_op_run_call *call)
{
    const struct conv *state = call->state;
    const struct oct_view *y = &call->outputs[0];
    if (state->winograd != NULL && octi_winograd_conv_suits(state->winograd, y->desc.shape.dims[0])) {
        octi_winograd_conv_run(state->winograd, call);
        return;
    }
    struct octi_product product = {
        .run = state->kernel, .weights = state->weights, .groups = state->groups, .op = call};
    product.group_channels = state->group_channels;
    product.rows = y->desc.shape.dims[0] * state->pixels;
    product.call.a = call->inputs[OCTI_WEIGHTED_X].data;
    product.call.c = y->data;
    product.call.c_stride = (size_t)y->strides[y->desc.shape.rank - 1];
    product.call.output = state->output;
    product.gathered = state->gathered;
    product.buffer = state->gathered.gather != NULL ? (uint8_t *)call->scratch + state->buffer_at : NULL;
    if (state->reading == READS_ROW_TAPS || state->reading == READS_LINES) {
        run_images(call, state, &product);
        return;
    }
    if (state->reading == READS_TABLE) {
        product.image_rows = state->pixels;
        product.image_bytes = state->image_bytes;
        product.zones = state->zones.n > 0 ? &state->zones : NULL;
        set_offsets(state, &product.call);
        product.call.padding = state->padding;
        product.call.line = state->line;
        product.call.x_stride = state->x_stride;
    }
    product.call.a_stride = state->in_channels;
    octi_product_run(&product);
}

// A padding as wide as the window would let the copy grow beyond input and window.
static bool can_be_copied(const struct octi_conv_geometry *geometry, size_t channels)
{
    struct octi_padded_image image;
    size_t bytes;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        if (geometry->padding[d] >= octi_conv_extent(geometry, d)) {
            return false;
        }
    }
    return octi_padded_image_plan(geometry, channels, 0, &image, &bytes) && bytes <= INT32_MAX;
}

static bool has_row_taps(const struct octi_conv_geometry *geometry)
{
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        if (geometry->dilation[d] != 1) {
            return false;
        }
    }
    bool one_row = geometry->kernel[OCTI_CONV_DEPTH] == 1 && geometry->kernel[OCTI_CONV_HEIGHT] == 1;
    return geometry->groups == 1 && geometry->kernel[OCTI_CONV_WIDTH] > 1 &&
           (one_row || geometry->group_channels <= MAX_ROW_TAP_CHANNELS);
}

static bool has_padding(const struct octi_conv_geometry *geometry)
{
    return geometry->padding[OCTI_CONV_DEPTH] > 0 || geometry->padding[OCTI_CONV_HEIGHT] > 0 ||
           geometry->padding[OCTI_CONV_WIDTH] > 0;
}

// Does a panel hold the columns of many groups?
static bool has_grouped_panels(const struct octi_conv_geometry *geometry, const struct conv *state)
{
    return geometry->groups > 1 && state->group_channels == 0;
}

// Chosen by the geometry alone.
static enum reading choose_reading(const struct octi_conv_geometry *geometry,
                                   const struct octi_panel_geometry *layout,
                                   const struct octi_qdwconv *depthwise,
                                   const struct conv *state)
{
    if (depthwise != NULL || has_grouped_panels(geometry, state)) {
        return READS_TABLE;
    }
    if (octi_conv_is_pointwise(geometry)) {
        return READS_PIXELS;
    }
    if (can_be_copied(geometry, state->in_channels) &&
        octi_conv_lines_suit(geometry, layout, state->in_channels, state->group_channels)) {
        return READS_LINES;
    }
    if (can_be_copied(geometry, state->in_channels) && has_row_taps(geometry)) {
        return READS_ROW_TAPS;
    }
    return READS_TABLE;
}

// Pixels that begin at cache lines are read where they are, others are brought there.
static bool is_gathered(const struct octi_panel_geometry *layout, const struct conv *state)
{
    return layout->gathered && state->reading != READS_LINES &&
           (state->reading != READS_PIXELS || state->in_channels % 64 != 0 || state->group_channels % 64 != 0);
}

// The kernel of a convolution, and what its weights are packed for.
struct choice {
    const struct octi_panel_geometry *layout;
    const struct octi_qdwconv *depthwise; // NULL: no depthwise convolution
    bool sees_zones;                      // a kernel that knows of zones
    int64_t merged;                       // groups taken together
};

// @param holds  see octi_product_pack()
static enum oct_status pack(struct oct_op_prepare_call *call,
                            const struct octi_conv_geometry *geometry,
                            const struct choice *choice,
                            struct conv *state,
                            bool *holds)
{
    struct oct_view weight = octi_conv_view(call->constants[OCTI_WEIGHTED_WEIGHT]);
    size_t bytes;
    if (!octi_mul_size(state->groups, sizeof *state->weights, &bytes)) {
        return OCT_ERR_LIMIT;
    }
    state->weights = oct_op_prepare_alloc(call, bytes);
    if (state->weights == NULL) {
        return OCT_ERR_NOMEM;
    }
    // Weights are dense, so the planes of a window continue one another: a window of depth is a higher one.
    struct octi_panel_source source = {
        .column_stride = weight.strides[0],
        .channel_stride = weight.strides[1],
        .y_stride = weight.strides[2 + OCTI_CONV_HEIGHT],
        .x_stride = weight.strides[2 + OCTI_CONV_WIDTH],
        .window_height = (size_t)(geometry->kernel[OCTI_CONV_DEPTH] * geometry->kernel[OCTI_CONV_HEIGHT]),
        .window_width = (size_t)geometry->kernel[OCTI_CONV_WIDTH],
        .channels = (size_t)geometry->group_channels,
        .row_taps = state->reading == READS_ROW_TAPS,
    };
    if (choice->depthwise != NULL) {
        source = octi_qdwconv_source(choice->depthwise, source);
    } else if (choice->merged > 1) {
        enum oct_status status = octi_merge_groups(call, geometry, choice->merged, &source);
        if (status != OCT_OK) {
            return status;
        }
    }
    source.flat = state->gathered.gather != NULL;
    return octi_product_pack(call, choice->layout, &source, state->groups, state->weights, &state->zones, holds);
}

// What a run needs besides the packed weights; `taps` and `k` are those of the addresses.
static enum oct_status
plan_gathering(struct oct_op_prepare_call *call, const struct octi_conv_geometry *geometry, struct conv *state)
{
    size_t width = (size_t)geometry->kernel[OCTI_CONV_WIDTH];
    size_t window = (size_t)octi_conv_count(geometry->kernel);
    bool row_taps = state->reading == READS_ROW_TAPS;
    int64_t rows = row_taps ? 1 : call->max_rows; // one image at a time
    size_t bytes;
    rows = octi_mul_int64(rows, state->pixels, &rows) ? rows : INT64_MAX;
    if (!octi_gathered_rows_plan(call->cpu_features, row_taps ? window / width : window,
                                 row_taps ? width * state->in_channels : state->group_channels, rows, &state->gathered,
                                 &bytes) ||
        !octi_round_up(call->scratch_bytes, 64, &state->buffer_at) ||
        !octi_add_size(state->buffer_at, bytes, &call->scratch_bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "gathered rows overflow size_t");
    }
    return OCT_OK;
}

// Zones where they save products, else one table for all output pixels.
static enum oct_status plan_table(struct oct_op_prepare_call *call,
                                  const struct octi_conv_geometry *geometry,
                                  const struct choice *choice,
                                  struct conv *state)
{
    const int64_t zero_point = call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point;
    state->padding = octi_conv_padding(call, state->in_channels * state->padding_pixels, zero_point);
    if (state->padding == NULL) {
        return OCT_ERR_NOMEM;
    }
    if (choice->sees_zones && state->pixels <= INT32_MAX) {
        const size_t k = (size_t)(geometry->group_channels * choice->merged); // of the panels
        const size_t window = (size_t)octi_conv_count(geometry->kernel);
        const size_t columns = (size_t)(geometry->groups * geometry->group_out_channels);
        const struct octi_conv_zone_costs costs = {
            .block_rows = octi_product_block_rows(state->groups, window, k, columns),
            .quads = (int64_t)(k + 3) / 4,
            .least_saving = has_grouped_panels(geometry, state) ? LEAST_GROUPED_SAVING : LEAST_SAVING,
        };
        struct octi_conv_zones zones;
        if (octi_conv_zones_plan(geometry, &costs, &zones)) {
            return octi_product_zones_plan(call, geometry, state->in_channels, &zones, &state->zones);
        }
    }
    return octi_conv_offsets_plan(call, geometry, state->in_channels, &state->table);
}

static enum oct_status plan_addresses(struct oct_op_prepare_call *call,
                                      const struct octi_conv_geometry *geometry,
                                      const struct choice *choice,
                                      struct conv *state)
{
    switch (state->reading) {
    case READS_TABLE:
        return plan_table(call, geometry, choice, state);
    case READS_ROW_TAPS:
        state->plane_step = (size_t)geometry->stride[OCTI_CONV_DEPTH] * state->padded.lines * state->padded.line_bytes;
        return octi_conv_line_offsets_plan(call, geometry, state->in_channels, &state->padded, &state->table);
    case READS_LINES: {
        enum oct_status status = octi_conv_lines_plan(call, geometry, state->in_channels, state->padded.line_bytes,
                                                      state->padded.lines, &state->lines);
        state->plane_step = state->lines.plane_stride;
        return status;
    }
    default:
        return OCT_OK;
    }
}

// NULL: groups are merged until a kernel of products is worth its while. Tiles do that faster from 16 channels on
// (14x14x512 by 32 groups: 32 us against 58).
static const struct octi_qgroupconv *select_grouped(uint64_t cpu_features, const struct octi_conv_geometry *geometry)
{
    bool tiles = octi_qgemm_select(cpu_features)->geometry.gathered;
    return tiles && geometry->group_channels > MAX_CHANNELS_BESIDE_TILES
               ? NULL
               : octi_qgroupconv_select_groups(cpu_features, geometry->groups, geometry->group_channels,
                                               geometry->group_out_channels);
}

// NULL: not the rows of a window of few channels, or nothing to gain by knowing that.
static const struct octi_qfirstconv *
select_first(uint64_t cpu_features, const struct octi_conv_geometry *geometry, size_t in_channels)
{
    if (!can_be_copied(geometry, in_channels) || !has_row_taps(geometry) || geometry->kernel[OCTI_CONV_DEPTH] > 1) {
        return NULL;
    }
    const struct octi_qfirstconv_window window = {
        .taps = geometry->kernel[OCTI_CONV_HEIGHT],
        .k = geometry->kernel[OCTI_CONV_WIDTH] * (int64_t)in_channels,
        .x_stride = geometry->stride[OCTI_CONV_WIDTH] * (int64_t)in_channels,
    };
    return octi_qfirstconv_select_window(cpu_features, &window);
}

static struct choice
choose_kernel(struct oct_op_prepare_call *call, const struct octi_conv_geometry *geometry, struct conv *state)
{
    struct choice choice = {.merged = 1};
    state->groups = 1; // unless told: a panel holds many of them
    if (geometry->group_channels == 1 && geometry->group_out_channels == 1 && geometry->groups > 1) {
        const struct octi_qdwconv_window window = {
            .height = geometry->kernel[OCTI_CONV_DEPTH] * geometry->kernel[OCTI_CONV_HEIGHT],
            .width = geometry->kernel[OCTI_CONV_WIDTH],
            .x_stride = geometry->stride[OCTI_CONV_WIDTH],
            .x_dilation = geometry->dilation[OCTI_CONV_WIDTH],
        };
        choice.depthwise = octi_qdwconv_select_window(call->cpu_features, &window);
        choice.layout = &choice.depthwise->geometry;
        if (choice.depthwise->width > 0) { // works along lines
            state->padding_pixels = (size_t)geometry->in[OCTI_CONV_WIDTH];
        }
        state->kernel = choice.depthwise->run;
        call->kernel = choice.depthwise->kernel.name;
        return choice;
    }
    const struct octi_qgroupconv *grouped = select_grouped(call->cpu_features, geometry);
    if (grouped != NULL) {
        choice.layout = &grouped->geometry;
        choice.sees_zones = true;
        state->kernel = grouped->run;
        call->kernel = grouped->kernel.name;
        return choice;
    }
    const struct octi_qgemm *kernel = octi_qgemm_select(call->cpu_features);
    choice.merged = octi_merged_groups(geometry, &kernel->geometry);
    size_t depth = (size_t)(octi_conv_count(geometry->kernel) * geometry->group_channels * choice.merged);
    kernel = octi_qgemm_select_depth(call->cpu_features, depth);
    choice.merged = octi_merged_groups(geometry, &kernel->geometry);
    choice.layout = &kernel->geometry;
    choice.sees_zones = !kernel->geometry.gathered;
    state->kernel = kernel->run;
    call->kernel = kernel->kernel.name;
    const struct octi_qfirstconv *first =
        kernel->geometry.gathered ? NULL : select_first(call->cpu_features, geometry, state->in_channels);
    if (first != NULL) {
        choice.layout = &first->geometry;
        choice.sees_zones = false;
        state->kernel = first->run;
        call->kernel = first->kernel.name;
    }
    state->groups = (size_t)(geometry->groups / choice.merged);
    state->group_channels = (size_t)(geometry->group_channels * choice.merged);
    return choice;
}

// How the kernel gets at its activations, and the scratch for a copy with padding around it.
static void plan_reading(struct oct_op_prepare_call *call,
                         const struct octi_conv_geometry *geometry,
                         const struct choice *choice,
                         struct conv *state)
{
    state->reading = choose_reading(geometry, choice->layout, choice->depthwise, state);
    if (state->reading == READS_ROW_TAPS || state->reading == READS_LINES) {
        state->padded.lines = (size_t)geometry->in[OCTI_CONV_HEIGHT];
        state->padded.line_bytes = (size_t)geometry->in[OCTI_CONV_WIDTH] * state->in_channels;
        state->copies = has_padding(geometry);
    }
    size_t copy_bytes = 0;
    if (state->copies) {
        uint8_t zero_point = (uint8_t)call->inputs[OCTI_WEIGHTED_X]->qparams.zero_point;
        (void)octi_padded_image_plan(geometry, state->in_channels, zero_point, &state->padded, &copy_bytes);
        call->scratch_bytes = copy_bytes + READABLE_PAST_END; // can_be_copied() has seen it
    }
}

// Positions of the window that are multiplied for the pixels of an image, all together.
static int64_t seen_positions(const struct octi_conv_geometry *geometry, const struct conv *state)
{
    int64_t seen = state->zones.n > 0 ? 0 : state->pixels * octi_conv_count(geometry->kernel);
    for (size_t z = 0; z < state->zones.n; z++) {
        seen += state->zones.zones[z].n_rows * (int64_t)state->zones.zones[z].taps.n;
    }
    return seen;
}

static enum oct_status prepare_conv(struct oct_op_prepare_call *call, bool relu)
{
    const struct oct_tensor_desc *x = call->inputs[OCTI_WEIGHTED_X];
    struct octi_conv_geometry geometry =
        octi_conv_geometry(call->attributes, x, call->inputs[OCTI_WEIGHTED_WEIGHT], &call->outputs[0]);
    int64_t image_bytes = x->shape.dims[1];
    bool fits = true;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        fits = fits && octi_mul_int64(image_bytes, geometry.in[d], &image_bytes);
    }
    if (x->dtype != OCT_DTYPE_QUINT8 || !octi_is_channels_last(x) || !octi_is_channels_last(&call->outputs[0]) ||
        !fits || image_bytes > INT32_MAX) {
        return OCT_OK; // the reference reads anything
    }
    struct conv *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->in_channels = (size_t)x->shape.dims[1];
    state->pixels = octi_conv_count(geometry.out);
    state->plane_pixels = geometry.out[OCTI_CONV_HEIGHT] * geometry.out[OCTI_CONV_WIDTH];
    state->padding_pixels = 1;
    state->line = (size_t)geometry.out[OCTI_CONV_WIDTH];
    state->x_stride = (size_t)geometry.stride[OCTI_CONV_WIDTH];
    state->image_bytes = (size_t)image_bytes;
    state->output = octi_output_of(&call->outputs[0], relu);
    const struct choice choice = choose_kernel(call, &geometry, state);
    plan_reading(call, &geometry, &choice, state);
    enum oct_status status = OCT_OK;
    if (is_gathered(choice.layout, state)) {
        status = plan_gathering(call, &geometry, state);
    }
    if (status == OCT_OK) {
        status = plan_addresses(call, &geometry, &choice, state);
    }
    struct octi_winograd_conv *filtered = NULL;
    if (status == OCT_OK && state->reading == READS_TABLE) {
        const size_t n_panels = octi_panel_count(choice.layout, (size_t)geometry.group_out_channels);
        status = octi_winograd_conv_plan(call, &geometry, n_panels, state->output, seen_positions(&geometry, state),
                                         &filtered);
    }
    bool holds = filtered != NULL;
    if (status == OCT_OK) {
        status = pack(call, &geometry, &choice, state, holds ? &holds : NULL);
    }
    if (status == OCT_OK && holds && octi_qwinograd_reads(state->weights)) {
        status = octi_winograd_conv_finish(call, filtered, state->weights);
        state->winograd = filtered;
    }
    if (status != OCT_OK) {
        return status;
    }
    call->state = state;
    call->run = run;
    call->takes_followers = true;
    call->constants_packed = true;
    return OCT_OK;
}

enum oct_status octi_quantized_conv_prepare(struct oct_op_prepare_call *call)
{
    return prepare_conv(call, false);
}

enum oct_status octi_quantized_conv_relu_prepare(struct oct_op_prepare_call *call)
{
    return prepare_conv(call, true);
}
