#include "octet/proto/json.h"
#include "tests/server/cli/capture.h"
#include "tests/server/cli/folder.h"

#define SHAPES "tests/bench/shapes/"

static struct capture run;

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != 0; ++text) {
        count += *text == '\n';
    }
    return count;
}

START_TEST(cases_are_picked_over_several_files_and_printed_one_a_line)
{
    CAPTURE(&run, "bench", "kernels", SHAPES "resnet50.json", SHAPES "mobilenet_v2.json", "--filter", "/fc", "--min-ms",
            "1", "--allow-disturbed", "--json", "--isa", "scalar");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_uint_eq(count_lines(run.out), 2);
    ck_assert_holds(run.out, "\"shape\":\"resnet50/fc\"");
    ck_assert_holds(run.out, "\"shape\":\"mobilenet_v2/fc\"");
    ck_assert_holds(run.out, "\"isa\":\"scalar\"");
    CAPTURE(&run, "bench", "kernels", SHAPES "resnet50.json", "--filter", "nothing like it", "--min-ms", "1");
    ck_assert_int_eq(run.exit_code, 0);
    ck_assert_str_eq(run.out, "");
}
END_TEST

START_TEST(an_operator_that_is_not_there_is_skipped_with_its_name)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64];
    static const char shapes[] = "{\"name\": \"s\", \"source\": \"t\", \"cases\": [{\"name\": \"a\", \"row\": \"r\", "
                                 "\"count\": 1, \"op\": \"conv1d\", "
                                 "\"batch\": 1, \"in\": [4], \"channels\": 2, \"out_channels\": 2, \"kernel\": [1], "
                                 "\"stride\": [1], \"padding\": [0], "
                                 "\"dilation\": [1], \"groups\": 1}]}";
    folder_make(folder);
    folder_write(folder_join(folder, "s.json", path), shapes, sizeof(shapes) - 1);
    CAPTURE(&run, "bench", "kernels", path, "--min-ms", "1", "--allow-disturbed", "--json");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_uint_eq(count_lines(run.out), 1);
    if (strstr(run.out, "skipped") != NULL) {
        ck_assert_holds(run.out, "operator quantized::conv1d is not registered");
    } else {
        ck_assert_holds(run.out, "\"median_ns\"");
    }
    folder_remove(folder);
}
END_TEST

START_TEST(states_are_measured_one_after_the_other)
{
    CAPTURE(&run, "bench", "kernels", SHAPES "elementwise.json", "--filter", "lut_1k", "--min-ms", "1", "--cache",
            "hot,cold", "--allow-disturbed");
#if defined(__x86_64__)
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_holds(run.out, " cold ");
#endif
    ck_assert_holds(run.out, " hot ");
}
END_TEST

START_TEST(mistakes_are_told)
{
    CAPTURE(&run, "bench", "kernels");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "bench", "kernels", SHAPES "none.json");
    ck_assert_int_eq(run.exit_code, 5);
    ck_assert_holds(run.err, "none.json");
    CAPTURE(&run, "bench", "kernels", SHAPES "fc.json", "--cache", "warm");
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "hot, cold");
    CAPTURE(&run, "bench", "kernels", SHAPES "fc.json", "--threads", "0");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "bench", "kernels", SHAPES "fc.json", "--threads", "1,1,1,1,1,1,1,1,1");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "bench", "kernels", SHAPES "fc.json", "--isa", "mmx");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "bench", "kernels", "tests/bench/shapes/README.md");
    ck_assert_int_eq(run.exit_code, 3);
}
END_TEST

static void add(Suite *suite)
{
    TCase *kernels = oct_case(suite, "kernels");
    tcase_add_test(kernels, cases_are_picked_over_several_files_and_printed_one_a_line);
    tcase_add_test(kernels, an_operator_that_is_not_there_is_skipped_with_its_name);
    tcase_add_test(kernels, states_are_measured_one_after_the_other);
    tcase_add_test(kernels, mistakes_are_told);
}

OCT_CHECK_MAIN("server/cli/bench/kernels", add)
