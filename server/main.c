#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "gossip/http_client.h"
#include "protocol/signing.h"
#include "server/cli.h"

/* No file of ours gets a number that output is written to. Reading alone: who closed the output is
 * told that it can't be written. */
static void fill_descriptors(void)
{
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= STDERR_FILENO) {
        descriptor = open("/dev/null", O_RDONLY);
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
}

int main(int argc, char **argv)
{
    fill_descriptors();
    if (signing_start() != RESULT_OK || http_client_start() != RESULT_OK) {
        return cli_print_failure("internal_error",
                                 "The system has no randomness or no network library.");
    }
    int exit_code = cli_print_end(cli_run(argc, argv));
    http_client_stop();
    return exit_code;
}
