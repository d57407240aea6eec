// sched_getaffinity and the CPU_* macros are GNU extensions of <sched.h>.
#define _GNU_SOURCE

#include "server/pool/cpus.h"

#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 1024
#define LINE_BYTES 1024

static void read_affinity(struct oct_cpus *cpus)
{
    cpus->allowed = 0;
    cpus->n_pins = 0;
    cpu_set_t *mask = CPU_ALLOC(OCT_CPUS_MAX);
    if (mask == NULL) {
        return;
    }
    size_t mask_bytes = CPU_ALLOC_SIZE(OCT_CPUS_MAX);
    CPU_ZERO_S(mask_bytes, mask);
    if (sched_getaffinity(0, mask_bytes, mask) == 0) {
        for (unsigned cpu = 0; cpu < OCT_CPUS_MAX; cpu++) {
            if (CPU_ISSET_S(cpu, mask_bytes, mask)) {
                cpus->pins[cpus->n_pins++] = cpu;
            }
        }
        cpus->allowed = cpus->n_pins;
    }
    CPU_FREE(mask);
}

/// First line of a small file, without its newline. False when there is none.
static bool read_line(const char *path, char *line)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool found = fgets(line, LINE_BYTES, file) != NULL;
    fclose(file);
    if (found) {
        line[strcspn(line, "\n")] = '\0';
    }
    return found;
}

/// Cores' worth of time from "max 100000" or "150000 100000"; 0 when there is no limit.
static double parse_cpu_max(const char *text)
{
    char *end = NULL;
    long long quota = strtoll(text, &end, 10);
    if (end == text || *end != ' ') {
        return 0;
    }
    long long period = strtoll(end, NULL, 10);
    return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

static double read_v2(const char *folder)
{
    char path[PATH_BYTES];
    char line[LINE_BYTES];
    int length = snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (length < 0 || (size_t)length >= sizeof path || !read_line(path, line)) {
        return 0;
    }
    return parse_cpu_max(line);
}

static double read_v1(const char *folder)
{
    char path[PATH_BYTES];
    char quota[LINE_BYTES];
    char period[LINE_BYTES];
    int length = snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (length < 0 || (size_t)length >= sizeof path || !read_line(path, quota)) {
        return 0;
    }
    length = snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    if (length < 0 || (size_t)length >= sizeof path || !read_line(path, period)) {
        return 0;
    }
    long long quota_us = strtoll(quota, NULL, 10);
    long long period_us = strtoll(period, NULL, 10);
    return quota_us > 0 && period_us > 0 ? (double)quota_us / (double)period_us : 0; // -1 means none
}

/// The smallest limit of `group` and of all groups above it. Inside a container the group's path may not exist under
/// the mount, whose top then is the container's own group: missing folders simply do not limit.
static double smallest_on_path(const char *mount, const char *group, double (*read)(const char *folder))
{
    char folder[PATH_BYTES];
    int length = snprintf(folder, sizeof folder, "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
    if (length < 0 || (size_t)length >= sizeof folder) {
        return 0;
    }
    double smallest = 0;
    size_t mount_length = strlen(mount);
    for (;;) {
        double quota = read(folder);
        if (quota > 0 && (smallest == 0 || quota < smallest)) {
            smallest = quota;
        }
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= mount_length || slash == NULL || (size_t)(slash - folder) < mount_length) {
            return smallest;
        }
        *slash = '\0';
    }
}

static bool lists_cpu(const char *controllers, size_t length)
{
    for (size_t begin = 0; begin < length;) {
        size_t end = begin;
        while (end < length && controllers[end] != ',') {
            end++;
        }
        if (end - begin == 3 && memcmp(controllers + begin, "cpu", 3) == 0) {
            return true;
        }
        begin = end + 1;
    }
    return false;
}

/// The quota of the control group in /proc/self/cgroup ("0::/a/b" for v2, "4:cpu,cpuacct:/a" for v1), or 0.
static double read_quota(const char *root, const char **version)
{
    char path[PATH_BYTES];
    char line[LINE_BYTES];
    int length = snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (length < 0 || (size_t)length >= sizeof path) {
        return 0;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    double smallest = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL) {
            continue;
        }
        size_t controllers_length = (size_t)(group - controllers - 1);
        double quota = 0;
        const char *found = NULL;
        char mount[PATH_BYTES];
        if (controllers_length == 0) {
            found = "v2";
            length = snprintf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
            if (length > 0 && (size_t)length < sizeof mount) {
                quota = smallest_on_path(mount, group + 1, read_v2);
            }
        } else if (lists_cpu(controllers + 1, controllers_length)) {
            found = "v1";
            length = snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/cpu", root);
            if (length > 0 && (size_t)length < sizeof mount) {
                quota = smallest_on_path(mount, group + 1, read_v1);
            }
        }
        if (quota > 0 && (smallest == 0 || quota < smallest)) {
            smallest = quota;
            *version = found;
        }
    }
    fclose(file);
    return smallest;
}

void oct_cpus_read(const char *root, struct oct_cpus *cpus)
{
    read_affinity(cpus);
    if (cpus->allowed == 0) {
        cpus->allowed = 1;
        cpus->n_pins = 0;
    }
    const char *version = "";
    cpus->quota = read_quota(root, &version);
    cpus->usable = cpus->allowed;
    if (cpus->quota > 0 && ceil(cpus->quota) < (double)cpus->allowed) {
        cpus->usable = (unsigned)ceil(cpus->quota);
        cpus->n_pins = 0;
        snprintf(cpus->reason, sizeof cpus->reason, "%u of %u allowed cores: cgroup %s quota of %.2f cores",
                 cpus->usable, cpus->allowed, version, cpus->quota);
    } else {
        snprintf(cpus->reason, sizeof cpus->reason, "%u cores in the affinity mask", cpus->allowed);
    }
}
