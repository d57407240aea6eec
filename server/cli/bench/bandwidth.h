/// `octet bench limits`. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_BANDWIDTH_H
#define OCTET_SERVER_CLI_BENCH_BANDWIDTH_H

/// Returns the exit code.
int oct_bench_limits(int argc, char **argv);

#endif
