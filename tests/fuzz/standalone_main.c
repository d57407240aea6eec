/// Runs a fuzz target without libFuzzer: every file of a corpus folder, then mutations of them from a fixed seed.
///
///   fuzz_json CORPUS_FOLDER [MUTATIONS [SEED]]
///
/// Each input lies in memory of exactly its size, so that a sanitizer sees a read beyond it. When the target fails, the
/// input is in the file named by OCTET_FUZZ_KEEP (default: nowhere), and the number of the mutation is printed.
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/rng.h"

#define MAX_FILES         256
#define MAX_INPUT_BYTES   65536
#define DEFAULT_MUTATIONS 20000

struct input {
    uint8_t *bytes;
    size_t size;
};

struct corpus {
    struct input inputs[MAX_FILES];
    size_t n_inputs;
};

static void die(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s\n", what, name);
    exit(EXIT_FAILURE);
}

static void load_file(struct corpus *corpus, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die("cannot open", path);
    }
    struct input *input = &corpus->inputs[corpus->n_inputs++];
    input->bytes = malloc(MAX_INPUT_BYTES);
    if (input->bytes == NULL) {
        die("no memory for", path);
    }
    input->size = fread(input->bytes, 1, MAX_INPUT_BYTES, file);
    fclose(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/// In the order of names, so that a seed means the same mutations everywhere.
static void load_corpus(struct corpus *corpus, const char *folder)
{
    char *names[MAX_FILES], path[4096];
    size_t n_names = 0;
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        die("cannot open", folder);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL && n_names < MAX_FILES;) {
        if (entry->d_name[0] != '.' && (names[n_names] = strdup(entry->d_name)) != NULL) {
            n_names++;
        }
    }
    closedir(directory);
    qsort(names, n_names, sizeof names[0], by_name);
    for (size_t i = 0; i < n_names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        load_file(corpus, path);
        free(names[i]);
    }
    if (corpus->n_inputs == 0) {
        die("an empty corpus", folder);
    }
}

static size_t below(struct oct_rng *rng, size_t n)
{
    return n == 0 ? 0 : (size_t)(oct_rng_next(rng) % n);
}

/// Puts `n_bytes` at `at`, moving what follows.
static void insert(struct input *input, size_t at, const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes > MAX_INPUT_BYTES - input->size) {
        return;
    }
    memmove(input->bytes + at + n_bytes, input->bytes + at, input->size - at);
    memmove(input->bytes + at, bytes, n_bytes);
    input->size += n_bytes;
}

static void erase(struct input *input, size_t at, size_t n_bytes)
{
    n_bytes = n_bytes < input->size - at ? n_bytes : input->size - at;
    memmove(input->bytes + at, input->bytes + at + n_bytes, input->size - at - n_bytes);
    input->size -= n_bytes;
}

static void mutate_once(struct oct_rng *rng, const struct corpus *corpus, struct input *input)
{
    static const char *const words[] = {
        "-1",      "0",     "1e999",      "99999999999999999999", "null", "{}", "[]",  "[[", "\"\"", "NaN", "\\u0000",
        "\\ud800", "\"N\"", "4294967296", "9223372036854775807",  "0.5",  ",",  "true"};
    size_t at = below(rng, input->size + 1), length = 1 + below(rng, 16);
    uint8_t byte = (uint8_t)oct_rng_next(rng);
    switch (below(rng, 8)) {
    case 0:
        if (at < input->size) {
            input->bytes[at] ^= (uint8_t)(1u << below(rng, 8));
        }
        break;
    case 1:
        if (at < input->size) {
            input->bytes[at] = byte;
        }
        break;
    case 2:
        insert(input, at, &byte, 1);
        break;
    case 3:
        erase(input, at, length);
        break;
    case 4:
        input->size = at;
        break;
    case 5: { // a digit becomes another, which keeps the text legal
        for (size_t i = at; i < input->size; i++) {
            if (input->bytes[i] >= '0' && input->bytes[i] <= '9') {
                input->bytes[i] = (uint8_t)('0' + byte % 10);
                break;
            }
        }
        break;
    }
    case 6: {
        const char *word = words[below(rng, sizeof words / sizeof words[0])];
        insert(input, at, (const uint8_t *)word, strlen(word));
        break;
    }
    default: { // a piece of another input
        const struct input *other = &corpus->inputs[below(rng, corpus->n_inputs)];
        size_t from = below(rng, other->size + 1), n = below(rng, 64);
        n = n < other->size - from ? n : other->size - from;
        insert(input, at, other->bytes + from, n);
        break;
    }
    }
}

static void keep(const uint8_t *bytes, size_t size)
{
    const char *path = getenv("OCTET_FUZZ_KEEP");
    FILE *file = path != NULL ? fopen(path, "wb") : NULL;
    if (file != NULL) {
        fwrite(bytes, 1, size, file);
        fclose(file);
    }
}

static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL) {
        die("no memory for", "an input");
    }
    if (size > 0) {
        memcpy(exact, bytes, size);
    }
    keep(bytes, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static unsigned long current; // for the message when the target aborts

static void report(int signal_number)
{
    char text[64];
    int n = snprintf(text, sizeof text, "failed at mutation %lu\n", current);
    if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0) {
        _exit(EXIT_FAILURE);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

int main(int argc, char **argv)
{
    static struct corpus corpus;
    if (argc < 2) {
        die("usage", "CORPUS_FOLDER [MUTATIONS [SEED]]");
    }
    unsigned long n_mutations = argc > 2 ? strtoul(argv[2], NULL, 10) : DEFAULT_MUTATIONS;
    struct oct_rng rng = {argc > 3 ? strtoul(argv[3], NULL, 10) : 1};
    load_corpus(&corpus, argv[1]);
    signal(SIGABRT, report);
    for (size_t i = 0; i < corpus.n_inputs; i++) {
        run(corpus.inputs[i].bytes, corpus.inputs[i].size);
    }
    struct input mutated = {.bytes = malloc(MAX_INPUT_BYTES)};
    if (mutated.bytes == NULL) {
        die("no memory for", "mutations");
    }
    for (current = 0; current < n_mutations; current++) {
        const struct input *seed = &corpus.inputs[below(&rng, corpus.n_inputs)];
        memcpy(mutated.bytes, seed->bytes, seed->size);
        mutated.size = seed->size;
        for (size_t n = 1 + below(&rng, 4); n > 0; n--) {
            mutate_once(&rng, &corpus, &mutated);
        }
        run(mutated.bytes, mutated.size);
    }
    printf("%zu files, %lu mutations\n", corpus.n_inputs, n_mutations);
    free(mutated.bytes);
    for (size_t i = 0; i < corpus.n_inputs; i++) {
        free(corpus.inputs[i].bytes);
    }
    return EXIT_SUCCESS;
}
