/// `octet bench kernels`: argument parsing over run.h. Threads: [one], the main one.
#ifndef OCTET_SERVER_CLI_BENCH_KERNELS_H
#define OCTET_SERVER_CLI_BENCH_KERNELS_H

/// argv[0] is "kernels". Returns the process' exit code.
int oct_bench_kernels(int argc, char **argv);

#endif
