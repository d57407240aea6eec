#include "tests/support/oct_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/pool/cpus.h"

/// A folder that stands for "/" of another machine.
static char root[64];

static void make_root(void)
{
    snprintf(root, sizeof root, "/tmp/octet-cpus-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

/// Writes root + path, making folders on the way.
static void put(const char *path, const char *text)
{
    char full[256];
    int length = snprintf(full, sizeof full, "%s%s", root, path);
    ck_assert(length > 0 && (size_t)length < sizeof full);
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(without_a_quota_the_mask_decides)
{
    struct oct_cpus cpus;
    oct_cpus_read(root, &cpus);
    ck_assert_uint_ge(cpus.usable, 1);
    ck_assert_uint_eq(cpus.usable, cpus.allowed);
    ck_assert_uint_eq(cpus.n_pins, cpus.allowed);
    ck_assert(cpus.quota == 0);
    ck_assert_ptr_nonnull(strstr(cpus.reason, "affinity"));
}
END_TEST

START_TEST(a_v2_quota_limits)
{
    struct oct_cpus cpus;
    put("/proc/self/cgroup", "0::/pod/box\n");
    put("/sys/fs/cgroup/pod/box/cpu.max", "50000 100000\n");
    oct_cpus_read(root, &cpus);
    ck_assert(cpus.quota == 0.5);
    ck_assert_uint_eq(cpus.usable, 1);
}
END_TEST

START_TEST(the_smallest_group_above_decides)
{
    struct oct_cpus cpus;
    put("/proc/self/cgroup", "0::/pod/box\n");
    put("/sys/fs/cgroup/pod/box/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/pod/cpu.max", "300000 100000\n");
    put("/sys/fs/cgroup/cpu.max", "900000 100000\n");
    oct_cpus_read(root, &cpus);
    ck_assert(cpus.quota == 3);
}
END_TEST

START_TEST(inside_a_container_the_mount_is_the_group)
{
    struct oct_cpus cpus;
    put("/proc/self/cgroup", "0::/docker/0123456789abcdef\n"); // not visible below the mount
    put("/sys/fs/cgroup/cpu.max", "25000 100000\n");
    oct_cpus_read(root, &cpus);
    ck_assert(cpus.quota == 0.25);
    ck_assert_uint_eq(cpus.usable, 1);
}
END_TEST

START_TEST(a_v1_quota_limits)
{
    struct oct_cpus cpus;
    put("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/box\n3:memory:/box\n");
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "75000\n");
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "50000\n");
    oct_cpus_read(root, &cpus);
    ck_assert(cpus.quota == 1.5);
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n");
    oct_cpus_read(root, &cpus);
    ck_assert(cpus.quota == 0);
}
END_TEST

START_TEST(a_cutting_quota_turns_pinning_off_and_says_why)
{
    struct oct_cpus cpus;
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.max", "20000 100000\n");
    oct_cpus_read(root, &cpus);
    if (cpus.allowed > 1) {
        ck_assert_uint_eq(cpus.n_pins, 0);
        ck_assert_ptr_nonnull(strstr(cpus.reason, "cgroup v2 quota of 0.20 cores"));
    } else {
        ck_assert_uint_eq(cpus.usable, 1);
    }
}
END_TEST

START_TEST(nonsense_does_not_limit)
{
    static const char *const texts[] = {"", "\n", "max", "100000", "0 100000", "-5 100000", "100000 0", "x y\n"};
    struct oct_cpus cpus;
    put("/proc/self/cgroup", "nonsense\n:\n0::/\n");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put("/sys/fs/cgroup/cpu.max", texts[i]);
        oct_cpus_read(root, &cpus);
        ck_assert_msg(cpus.quota == 0, "'%s' was read as %f", texts[i], cpus.quota);
        ck_assert_uint_eq(cpus.usable, cpus.allowed);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *cpus = oct_case(suite, "cpus");
    tcase_add_checked_fixture(cpus, make_root, remove_root);
    tcase_add_test(cpus, without_a_quota_the_mask_decides);
    tcase_add_test(cpus, a_v2_quota_limits);
    tcase_add_test(cpus, the_smallest_group_above_decides);
    tcase_add_test(cpus, inside_a_container_the_mount_is_the_group);
    tcase_add_test(cpus, a_v1_quota_limits);
    tcase_add_test(cpus, a_cutting_quota_turns_pinning_off_and_says_why);
    tcase_add_test(cpus, nonsense_does_not_limit);
}

OCT_CHECK_MAIN("server/pool/cpus", add_tests)
