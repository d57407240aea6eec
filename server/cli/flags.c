#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/cli.h"

#define PARSE_ERROR (-2)
/// Column where the text of a flag's help begins.
#define DOC_COLUMN   34
#define LINE_COLUMNS 100

/// Prints `text` broken at words, each further line indented to DOC_COLUMN.
static void print_wrapped(const char *text)
{
    size_t column = DOC_COLUMN;
    while (*text != 0) {
        size_t word = strcspn(text, " ");
        if (column > DOC_COLUMN && column + 1 + word > LINE_COLUMNS) {
            printf("\n%*s", DOC_COLUMN, "");
            column = DOC_COLUMN;
        } else if (column > DOC_COLUMN) {
            putchar(' ');
            column += 1;
        }
        printf("%.*s", (int)word, text);
        column += word;
        text += word + (text[word] == ' ');
    }
    putchar('\n');
}

static void print_help(const struct oct_cli_syntax *syntax)
{
    printf("usage: octet %s %s\n\n%s\n\nflags:\n", syntax->command, syntax->arguments, syntax->about);
    for (size_t i = 0; i < syntax->n_flags; ++i) {
        const struct oct_cli_flag *flag = &syntax->flags[i];
        int printed =
            printf("  --%s%s%s", flag->name, flag->value != NULL ? " " : "", flag->value != NULL ? flag->value : "");
        if (printed >= DOC_COLUMN) {
            printf("\n");
            printed = 0;
        }
        printf("%*s", DOC_COLUMN - printed, "");
        print_wrapped(flag->doc);
    }
    printf("  --help%*sthis text\n", DOC_COLUMN - 8, "");
}

/// Prints the mistake with a hint and returns PARSE_ERROR.
static int refuse(const struct oct_cli_syntax *syntax, const char *message, const char *argument)
{
    fprintf(stderr, "octet %s: %s%s; see `octet %s --help`\n", syntax->command, message, argument, syntax->command);
    return PARSE_ERROR;
}

static int apply(const struct oct_cli_syntax *syntax, size_t index, const char *value)
{
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = syntax->set(syntax->context, index, value, &error);
    if (status == OCT_OK) {
        return 0;
    }
    if (error.where[0] == 0) {
        oct_error_prefix(&error, "--%s", syntax->flags[index].name);
    }
    oct_cli_fail(syntax->command, status, &error);
    return PARSE_ERROR;
}

/// The loop over getopt_long; `table` has one entry per flag, --help and the end mark.
static int parse_with(const struct oct_cli_syntax *syntax, const struct option *table, int argc, char **argv)
{
    // 0 makes glibc start anew; its own messages are off, so that ours are the only ones.
    optind = 0;
    opterr = 0;
    for (;;) {
        int index = -1;
        int found = getopt_long(argc, argv, ":", table, &index);
        if (found == -1) {
            return 0;
        }
        if (found == ':') {
            return refuse(syntax, "a value is missing after ", argv[optind - 1]);
        }
        if (found == '?') {
            return refuse(syntax, "no such flag, or not whole: ", argv[optind - 1]);
        }
        if ((size_t)index == syntax->n_flags) {
            print_help(syntax);
            return OCT_CLI_HELP_SHOWN;
        }
        int applied = apply(syntax, (size_t)index, optarg);
        if (applied != 0) {
            return applied;
        }
    }
}

int oct_cli_parse(const struct oct_cli_syntax *syntax, int argc, char **argv, char ***positional)
{
    struct option *table = calloc(syntax->n_flags + 2, sizeof(*table));
    if (table == NULL) {
        return refuse(syntax, "out of memory", "");
    }
    for (size_t i = 0; i < syntax->n_flags; ++i) {
        table[i].name = syntax->flags[i].name;
        table[i].has_arg = syntax->flags[i].value != NULL ? required_argument : no_argument;
    }
    table[syntax->n_flags].name = "help";
    int parsed = parse_with(syntax, table, argc, argv);
    free(table);
    if (parsed != 0) {
        return parsed;
    }
    *positional = argv + optind;
    size_t count = (size_t)(argc - optind);
    if (count < syntax->min_positional) {
        return refuse(syntax, "an argument is missing: ", syntax->arguments);
    }
    if (count > syntax->max_positional) {
        return refuse(syntax, "one argument too many: ", argv[optind + (int)syntax->max_positional]);
    }
    return (int)count;
}

int oct_cli_parse_exit_code(int parsed)
{
    return parsed == OCT_CLI_HELP_SHOWN ? 0 : oct_status_exit_code(OCT_ERR_INVALID);
}

enum oct_status
oct_cli_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number, struct oct_error *error)
{
    uint64_t value = 0;
    bool good = *text != 0;
    for (const char *at = text; *at != 0 && good; ++at) {
        good = *at >= '0' && *at <= '9' && !__builtin_mul_overflow(value, (uint64_t)10, &value) &&
               !__builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
    }
    if (!good || value < minimum || value > maximum) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                             "expected a whole number from %llu to %llu, got '%.64s'", (unsigned long long)minimum,
                             (unsigned long long)maximum, text);
    }
    *number = value;
    return OCT_OK;
}
