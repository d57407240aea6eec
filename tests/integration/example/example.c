// Embeds liboctet: opens a model, runs one batch of zeros, prints the first output.
#include <stdio.h>
#include <string.h>

#include <octet/model.h>

int main(int argc, char **argv)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model *model = NULL;
    struct oct_session *session = NULL;
    if (argc != 2 || oct_model_open(argv[1], NULL, &model, &error) != OCT_OK ||
        oct_session_create(NULL, &session, &error) != OCT_OK ||
        oct_session_bind(session, oct_model_plan(model), 1, &error) != OCT_OK) {
        fprintf(stderr, "%s: %s\n", error.where, error.message);
        return 1;
    }
    size_t n_bytes = 0;
    void *input = oct_session_input(session, 0, &n_bytes);
    memset(input, 0, n_bytes);
    oct_session_run(session, NULL);
    const float *output = oct_session_output(session, 0, &n_bytes);
    for (size_t i = 0; i < n_bytes / sizeof(*output); ++i) {
        const char *label = i < oct_model_label_count(model) ? oct_model_label(model, i) : "";
        printf("%8.4f %s\n", (double)output[i], label);
    }
    oct_session_destroy(session);
    oct_model_close(model);
    return 0;
}
