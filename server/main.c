#include "server/cli/cli.h"

int main(int argc, char **argv)
{
    return oct_cli_main(argc, argv);
}
