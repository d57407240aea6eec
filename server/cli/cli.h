/// The command line: `octet COMMAND ...`. A command is a row of commands.def and a file cmd_<function>.c with one
/// function; argument parsing, help, errors and output are shared. Only composition here: the work is done below.
/// Threads: [one], the main one.
#ifndef OCTET_SERVER_CLI_CLI_H
#define OCTET_SERVER_CLI_CLI_H

#include "octet/buffer.h"

/// Runs the command that argv names and returns the process' exit code: 0, or that of the status
/// (oct_status_exit_code).
int oct_cli_main(int argc, char **argv);

#define OCT_COMMAND(function, name, summary) int oct_cmd_##function(int argc, char **argv);
#include "server/cli/commands.def"
#undef OCT_COMMAND

// ------------------------------------------------------------------------------------------------------------ flags

/// A flag of a command. `value` is the word for its argument in the help; NULL: it takes none.
struct oct_cli_flag {
    const char *name; ///< without dashes
    const char *value;
    const char *doc;
};

/// What a command takes. `set` is called for each flag in the order given, with the index of its row (and NULL when the
/// flag takes no value); it returns OCT_ERR_INVALID to refuse.
struct oct_cli_syntax {
    const char *command;   ///< "run"
    const char *arguments; ///< "MODEL [flags]"
    const char *about;     ///< paragraphs for --help, without a line's end
    const struct oct_cli_flag *flags;
    size_t n_flags;
    size_t min_positional, max_positional;
    enum oct_status (*set)(void *context, size_t flag, const char *value, struct oct_error *error);
    void *context;
};

#define OCT_CLI_HELP_SHOWN (-1)

/// Parses argv (argv[0] is the command). Flags and positional arguments may be mixed; `--help` prints the help.
/// @param[out] positional  the positional arguments, borrowed from argv, NULL after the last
/// Returns the number of positional arguments >= 0; OCT_CLI_HELP_SHOWN: the command is done, exit code 0; less: the
/// mistake has been printed, exit code 2.
int oct_cli_parse(const struct oct_cli_syntax *syntax, int argc, char **argv, char ***positional);
/// The exit code for what oct_cli_parse returned when that is negative.
int oct_cli_parse_exit_code(int parsed);
/// A whole number within bounds, for `set` functions. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status
oct_cli_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number, struct oct_error *error);

// ----------------------------------------------------------------------------------------------------------- output

/// Prints "octet COMMAND: where: message" on standard error and returns the exit code.
int oct_cli_fail(const char *command, enum oct_status status, const struct oct_error *error);
/// Writes and empties `out`; a reader that has gone is an error like any other. Returns the exit code.
int oct_cli_print(const char *command, struct oct_buffer *out);
/// Largest text a command prints.
#define OCT_CLI_MAX_OUTPUT_BYTES ((size_t)256 << 20)

#endif
