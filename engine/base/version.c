#include "octet/octet.h"

const char *oct_version(void)
{
    return OCTET_VERSION;
}
