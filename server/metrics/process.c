#include "server/metrics/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double oct_process_start_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// Counts the entries of /proc/self/fd; false when it cannot be read.
static bool count_open_files(double *count)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return false;
    }
    size_t n_entries = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        n_entries += entry->d_name[0] != '.';
    }
    closedir(folder);
    *count = (double)(n_entries - 1); // without the folder's own
    return true;
}

static bool read_memory(double *virtual_bytes, double *resident_bytes)
{
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return false;
    }
    unsigned long total = 0, resident = 0;
    int n_read = fscanf(file, "%lu %lu", &total, &resident);
    fclose(file);
    double page_bytes = (double)sysconf(_SC_PAGESIZE);
    *virtual_bytes = (double)total * page_bytes;
    *resident_bytes = (double)resident * page_bytes;
    return n_read == 2;
}

static bool read_cpu_seconds(double *seconds)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return false;
    }
    *seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6 + (double)usage.ru_stime.tv_sec +
               (double)usage.ru_stime.tv_usec * 1e-6;
    return true;
}

static bool read_file_limit(double *limit)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) {
        return false;
    }
    *limit = (double)files.rlim_cur;
    return true;
}

enum oct_status oct_process_metrics_write(double start_time, struct oct_buffer *out)
{
    double cpu_seconds = 0, virtual_bytes = 0, resident_bytes = 0, open_files = 0, file_limit = 0;
    bool has_cpu = read_cpu_seconds(&cpu_seconds);
    bool has_memory = read_memory(&virtual_bytes, &resident_bytes);
    bool has_files = count_open_files(&open_files);
    bool has_limit = read_file_limit(&file_limit);
    const struct {
        bool known;
        const char *name;
        const char *kind;
        const char *help;
        double value;
    } metrics[] = {
        {true, "process_start_time_seconds", "gauge", "start of the process, seconds since the epoch", start_time},
        {has_cpu, "process_cpu_seconds_total", "counter", "user and system time spent", cpu_seconds},
        {has_memory, "process_virtual_memory_bytes", "gauge", "virtual memory", virtual_bytes},
        {has_memory, "process_resident_memory_bytes", "gauge", "resident memory", resident_bytes},
        {has_files, "process_open_fds", "gauge", "open file descriptors", open_files},
        {has_limit, "process_max_fds", "gauge", "largest number of open file descriptors", file_limit},
    };
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]) && status == OCT_OK; ++i) {
        if (metrics[i].known) {
            status = oct_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", metrics[i].name, metrics[i].help,
                                       metrics[i].name, metrics[i].kind, metrics[i].name, metrics[i].value);
        }
    }
    return status;
}
