#include <stdio.h>

#include "gossip/http_client.h"
#include "protocol/signing.h"
#include "server/cli.h"

int main(int argc, char **argv)
{
    if (signing_start() != RESULT_OK || http_client_start() != RESULT_OK) {
        return cli_print_failure("internal_error",
                                 "The system has no randomness or no network library.");
    }
    int exit_code = cli_run(argc, argv);
    http_client_stop();
    return exit_code;
}
