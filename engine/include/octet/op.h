/// Operators: what the rest of the system may know about one, and the registry that a graph is built against.
///
/// An operator is one record: schema, shape inference, reference, and how to prepare a fast run. The built-in ones are
/// the rows of engine/ops/ops.def; a custom operator is a record of the same type added to a registry of one's own.
///
/// Phases (DESIGN note in engine/README.md): `infer` sees hostile graphs and reports; `reference` defines the answer;
/// `prepare` runs once per plan, may allocate and may fail; the `run` it chooses neither allocates, locks, logs nor
/// fails.
///
/// Threads: records are immutable and shared; a registry may be read from any thread once nobody adds to it.
#ifndef OCTET_OP_H
#define OCTET_OP_H

#include "octet/alloc.h"
#include "octet/executor.h"
#include "octet/tensor.h"

#define OCT_OP_MAX_ATTRIBUTES 16
#define OCT_OP_MAX_INPUTS     256 ///< of one node; only variadic operators have more than a few
#define OCT_OP_MAX_OUTPUTS    4

// ---------------------------------------------------------------------------------------------------- attributes

enum oct_attribute_type {
    OCT_ATTRIBUTE_INT,   ///< int64
    OCT_ATTRIBUTE_FLOAT, ///< float64; an integer is accepted
    OCT_ATTRIBUTE_BOOL,
    OCT_ATTRIBUTE_STRING,
    OCT_ATTRIBUTE_INTS, ///< array of int64
};

/// One attribute an operator takes. Unless `required`, an absent attribute reads as the default (`has_default`) or as
/// absent (`present == false`). Numbers outside [minimum, maximum] (inclusive, each element of an array) and arrays
/// whose length is outside [min_count, max_count] are refused before `infer` is called. A single integer given for INTS
/// is an array of one; `broadcast_count` > 1 then repeats it to that length (kernel_size=3 means [3, 3]).
struct oct_attribute_spec {
    const char *name; ///< the schema's argument name; NULL ends the list
    enum oct_attribute_type type;
    bool required;
    bool has_default;
    double default_number; ///< INT, FLOAT, BOOL, and every element of INTS
    double minimum, maximum;
    size_t min_count, max_count; ///< INTS
    size_t broadcast_count;      ///< INTS
    const char *doc;
};

/// An attribute's value, at the index of its spec. Strings and arrays are borrowed from the graph.
struct oct_attribute {
    bool present; ///< given, or filled from a default
    enum oct_attribute_type type;
    int64_t integer; ///< INT, BOOL (0 or 1)
    double number;   ///< FLOAT
    const char *string;
    const int64_t *integers;
    size_t count; ///< INTS
};

// --------------------------------------------------------------------------------------------------------- calls

/// What `infer` gets and fills. Absent optional inputs are NULL.
struct oct_op_infer_call {
    const struct oct_op *op;
    const struct oct_attribute *attributes; ///< one per spec row
    size_t n_inputs;
    const struct oct_tensor_desc *const *inputs;
    const struct oct_view *const *constants; ///< data of inputs that are constants or computed from them, else NULL; an
                                             ///< input named weight may have no data yet
    size_t n_outputs;
    struct oct_tensor_desc *outputs; ///< [out]
    const char *mixes_rows;  ///< [out] set when a row of an output depends on other rows though the shape hides it
    struct oct_error *error; ///< where to report; prefixed with the node by the caller
};
/// Fills dtype, shape and qparams of the outputs (format stays contiguous), or reports why the node is not legal.
typedef enum oct_status (*oct_op_infer_fn)(struct oct_op_infer_call *call);

/// A rectangle of an output. Its columns are the dimension that is innermost in memory (the channels of a channels-last
/// image, else the last one), its rows all other dimensions together, in the order of memory.
struct oct_op_part {
    int64_t row_begin, row_end;
    int64_t column_begin, column_end;
};

struct oct_op_run_call;
/// Does `part` of output 0, over the input whose storage the output has. Parts may be done in any order and by several
/// threads at a time; together they equal `run`.
typedef void (*oct_op_part_fn)(const struct oct_op_run_call *call, const struct oct_op_part *part);

/// A later step that is done along with one that takes followers: part by part, as soon as a part of what it reads is
/// there. All storage is its own call's.
struct oct_op_follower {
    oct_op_part_fn run;
    const struct oct_op_run_call *call;
};

/// What `reference` and `run` get. Views are resolved (no symbolic dimension), 64-byte aligned at their root (constants
/// of a graph that is being built: to their elements), and readable up to 64 bytes past their end; an absent input has
/// `data == NULL` and rank 0.
struct oct_op_run_call {
    const struct oct_attribute *attributes;
    size_t n_inputs;
    const struct oct_view *inputs;
    size_t n_outputs;
    const struct oct_view *outputs;
    const void *state;                       ///< what `prepare` made; NULL for a reference
    void *scratch;                           ///< as asked for by `prepare`, 64-byte aligned; contents undefined
    const struct oct_executor *executor;     ///< may be NULL
    const struct oct_op_follower *followers; ///< to be called, in order, with each finished part of output 0; none
    size_t n_followers;                      ///< unless `prepare` has set `takes_followers`
};
/// Writes every element of every output. Cannot fail; allocates and locks nothing. Inputs and outputs do not overlap,
/// except where an operator has OCT_OP_IN_PLACE and the plan gave output 0 the storage of input 0 (same strides), or of
/// another input under OCT_OP_IN_PLACE_ANY.
typedef void (*oct_op_run_fn)(const struct oct_op_run_call *call);

/// For operators that only rename dimensions: dims[d] receives the input's dimension that becomes the output's d. The
/// plan lets both share storage where their memory formats make the bytes the same.
typedef void (*oct_op_permutation_fn)(const struct oct_attribute *attributes, int32_t rank, int32_t *dims);

/// What `prepare` gets and fills.
struct oct_op_prepare_call {
    const struct oct_op *op;
    const struct oct_attribute *attributes;
    size_t n_inputs;
    const struct oct_tensor_desc *const *inputs; ///< with the memory format the plan chose; NULL when absent
    const struct oct_view *const *constants;     ///< data of constant inputs, else NULL. For `prepare` to read: `state`
                                                 ///< holds no pointer to it, `run` finds it in its inputs. See also
                                                 ///< OCT_OP_READS_PIECES
    size_t n_outputs;
    const struct oct_tensor_desc *outputs;
    uint64_t cpu_features; ///< choose kernels by this mask alone
    int64_t max_rows;      ///< largest N the plan will run
    void *plan_memory;     ///< for oct_op_prepare_alloc()
    void *plan_shared;     ///< for oct_op_prepare_share(); NULL: nothing is shared
    const void *(*read)(void *context, size_t offset, size_t n_bytes, struct oct_error *error);
    void *read_context; ///< both for oct_op_prepare_read(); NULL: all constants have data
    struct oct_error *error;
    oct_op_run_fn run;        ///< [out] NULL: the reference runs
    void *state;              ///< [out] read-only afterwards, shared by all workers
    oct_op_part_fn run_part;  ///< [out] of an operator in place, `run` for a part: it may follow another step. NULL: no
    bool takes_followers;     ///< [out] `run` hands finished parts of output 0 to `followers`
    const char *kernel;       ///< [out] static name of the kernel for `inspect`; NULL: "reference"
    size_t scratch_bytes;     ///< [out] scratch for a run, not depending on N
    size_t scratch_row_bytes; ///< [out] scratch per row
    bool class_f;             ///< [out] the result is float and may differ with the CPU or the batch (OpenBLAS)
    bool constants_packed; ///< [out] `run` reads no constant input: the plan keeps those only that somebody reads, and
                           ///< the views of the others have `data == NULL`
};
typedef enum oct_status (*oct_op_prepare_fn)(struct oct_op_prepare_call *call);

/// Memory that lives as long as the plan, 64-byte aligned and readable for 64 bytes (zeros) beyond its end, counted
/// against the plan's budget. NULL when refused: then
/// return OCT_ERR_NOMEM (the reason is already in `call->error`). Zeroed.
OCT_API void *oct_op_prepare_alloc(struct oct_op_prepare_call *call, size_t bytes);

/// The same, but not zeroed: for what is written anyway.
OCT_API void *oct_op_prepare_reserve(struct oct_op_prepare_call *call, size_t bytes);

/// Bytes [offset, offset + n_bytes) of constant input `input`, in the order that its view says. Where the constant
/// waits in a source they are read from there: they stay until the next call, and whoever goes through the constant
/// from its beginning to its end, in pieces of a few hundred kilobytes, finds each piece in the caches. NULL when they
/// cannot be read: then return the status that is in `call->error`.
/// @param n_bytes  > 0; within the constant with `offset`
OCT_API const void *oct_op_prepare_read(struct oct_op_prepare_call *call, size_t input, size_t offset, size_t n_bytes);

/// A read-only table that steps of the same plan may have in common: returns the one that an earlier step made with the
/// same contents, giving `table` back, or `table`. Call it when the table is complete and before anything else is
/// allocated.
/// @param table  the last result of oct_op_prepare_alloc() or oct_op_prepare_reserve()
OCT_API const void *oct_op_prepare_share(struct oct_op_prepare_call *call, const void *table, size_t bytes);

// ------------------------------------------------------------------------------------------------------- records

enum oct_op_flag {
    OCT_OP_IN_PLACE = 1 << 0, ///< run may write output 0 over input 0 when their bytes are alike
    OCT_OP_VIEW = 1 << 1,     ///< output 0 has input 0's bytes in the same order (reshape): the plan may share storage
    OCT_OP_ANY_FORMAT = 1 << 2,    ///< element-wise: output and inputs of its rank in one format, whichever; inputs of
                                   ///< another rank contiguous
    OCT_OP_CHANNELS_LAST = 1 << 3, ///< inputs and outputs of `image_rank` are channels-last (convolution, pooling)
    OCT_OP_STRIDED = 1 << 4,       ///< reads inputs by strides in any format, writes contiguous outputs; together with
                                   ///< OCT_OP_ANY_FORMAT each side may have a format of its own (quantize, dequantize)
    OCT_OP_VARIADIC = 1 << 5,      ///< max_inputs is a bound, not an arity (cat)
    OCT_OP_INTERNAL = 1 << 6,      ///< made by rewriting only; refused in a model file
    OCT_OP_IN_PLACE_ANY = 1 << 7,  ///< with OCT_OP_IN_PLACE: or over any other input of the output's shape
    OCT_OP_PITCHED = 1 << 8,    ///< rows (struct oct_op_part) of output 0, and of an input that it is written over, may
                                ///< lie further apart than they are long, as their strides say
    OCT_OP_JOINS = 1 << 9,      ///< output 0 is the inputs side by side along the attribute `dim`; run leaves alone an
                                ///< input that lies there already
    OCT_OP_POINTWISE = 1 << 10, ///< an element of output 0 depends on the attributes, on what describes the tensors and
                                ///< on the elements at its place in the inputs; on nothing else
    OCT_OP_READS_PIECES = 1 << 11, ///< `prepare` reads the input `weight` by oct_op_prepare_read() alone: its view in
                                   ///< `constants` may have `data == NULL`
};
// An operator with none of the format flags reads and writes contiguous tensors.

struct oct_op {
    const char *name;               ///< PyTorch's schema name, "quantized::conv2d_relu"
    const char *const *covers;      ///< torch names with overload it answers for, NULL-terminated
    const char *doc;                ///< one sentence: formula and tolerance class
    const char *const *input_names; ///< NULL-terminated, as in the schema
    size_t min_inputs, max_inputs;
    size_t n_outputs;
    const char *dtypes; ///< for people: "quint8 qint8 -> same"
    unsigned flags;
    int32_t image_rank; ///< OCT_OP_CHANNELS_LAST: 3 (N, C, L), 4 (N, C, H, W), 5 (N, C, D, H, W); 0 stands for 4
    const struct oct_attribute_spec *attributes; ///< ended by a NULL name
    oct_op_infer_fn infer;
    oct_op_run_fn reference;           ///< plain C over views of any strides; always present; defines the answer
    oct_op_prepare_fn prepare;         ///< NULL: the reference runs
    oct_op_permutation_fn permutation; ///< NULL: output 0 is not input 0 with its dimensions in another order
};

/// Does the operator want a tensor of this rank channels-last?
static inline bool oct_op_is_image(const struct oct_op *op, int32_t rank)
{
    return (op->flags & OCT_OP_CHANNELS_LAST) && rank == (op->image_rank > 0 ? op->image_rank : 4);
}

/// An ordered set of records. Owned by its creator; records are borrowed and must outlive it.
struct oct_op_registry;

/// A registry with the built-in operators. OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_op_registry_create(const struct oct_allocator *allocator,
                                                             struct oct_op_registry **registry,
                                                             struct oct_error *error);
/// NULL is allowed. Graphs and plans built against it must be gone.
OCT_API void oct_op_registry_destroy(struct oct_op_registry *registry);
/// Adds a custom operator. OCT_ERR_INVALID for a malformed record, OCT_ERR_CONFLICT for a name that is taken,
/// OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status
oct_op_registry_add(struct oct_op_registry *registry, const struct oct_op *op, struct oct_error *error);
/// NULL when there is none of that name.
OCT_API const struct oct_op *oct_op_registry_find(const struct oct_op_registry *registry, const char *name);
OCT_API size_t oct_op_registry_count(const struct oct_op_registry *registry);
/// `index` < count; in order of the table, then of adding.
OCT_API const struct oct_op *oct_op_registry_at(const struct oct_op_registry *registry, size_t index);

#endif
