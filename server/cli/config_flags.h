/// The flags of commands that take a configuration: one per option and its short form, with --config. Threads: [one].
#ifndef OCTET_SERVER_CLI_CONFIG_FLAGS_H
#define OCTET_SERVER_CLI_CONFIG_FLAGS_H

#include "server/cli/cli.h"
#include "server/config/config.h"

/// --config, two per option, and what a command adds behind.
#define OCT_CLI_CONFIG_MAX_FLAGS (1 + 2 * OCT_CONFIG_OPTION_COUNT + 8)

/// The table and what has been parsed. Caller's storage; large, keep it off the stack.
struct oct_cli_config {
    struct oct_cli_flag flags[OCT_CLI_CONFIG_MAX_FLAGS];
    size_t n_flags;
    size_t options[OCT_CLI_CONFIG_MAX_FLAGS]; ///< option of each flag; OCT_CONFIG_OPTION_COUNT: none
    char names[OCT_CONFIG_OPTION_COUNT][OCT_CONFIG_NAME_BYTES];
    const char *path;                             ///< of the file; NULL: none
    const char *values[OCT_CONFIG_OPTION_COUNT];  ///< as given, borrowed from argv; the last one wins
    const char *origins[OCT_CONFIG_OPTION_COUNT]; ///< the flag that was used
};

/// Fills the table; the configuration file is OCTET_CONFIG unless --config names another.
void oct_cli_config_init(struct oct_cli_config *parsed);
/// Adds a flag of the command's own and returns its index. At most 8.
size_t oct_cli_config_add(struct oct_cli_config *parsed, const struct oct_cli_flag *flag);
/// For `set` functions: takes every flag that was not added. True when it was one of these.
bool oct_cli_config_set(struct oct_cli_config *parsed, size_t flag, const char *value);
/// Defaults, then the file, then the environment, then the flags; checked. Errors: those of the four.
OCT_NODISCARD enum oct_status
oct_cli_config_load(const struct oct_cli_config *parsed, struct oct_config *config, struct oct_error *error);

#endif
