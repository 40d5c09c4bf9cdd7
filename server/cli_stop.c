#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "core/memory.h"
#include "server/cli.h"
#include "server/run_file.h"
#include "store/data_directory.h"

enum { PATIENCE_MS = 30000, MOST_FILE_BYTES = 4096 };

/* Systemd starts what it looks after again, whatever ended it. */
static bool is_of_systemd(pid_t pid)
{
    char *text = NULL;
    size_t length = 0;
    char *path = memory_format("/proc/%ld/cgroup", (long)pid);
    bool is = data_directory_read_file(path, MOST_FILE_BYTES, &text, &length) == RESULT_OK &&
              strstr(text, "/hearthchat@") != NULL;
    memory_free(text);
    memory_free(path);
    return is;
}

/* A handle on the process that is the node; -1: none is. The second look is at a number that can't
 * become another process's any more without the handle saying so. */
static int open_node(const struct cli *cli, struct run_file *run_out)
{
    struct run_file again;
    if (run_file_find(cli->data_directory, run_out) != RESULT_OK) {
        return -1;
    }
    int process = pidfd_open(run_out->pid, 0);
    if (process >= 0 &&
        (run_file_find(cli->data_directory, &again) != RESULT_OK || again.pid != run_out->pid)) {
        (void)close(process);
        process = -1;
    }
    return process;
}

static int end_node(const struct cli *cli, int process, const struct run_file *run)
{
    struct pollfd gone = {.fd = process, .events = POLLIN};
    bool comes_back = is_of_systemd(run->pid);
    if (pidfd_send_signal(process, SIGTERM, NULL, 0) != 0 && errno != ESRCH) {
        char *sentence = memory_format("The node on %s is another user's (process %ld): %s.",
                                       cli->data_directory, (long)run->pid, strerrordesc_np(errno));
        int exit_code = cli_print_failure("unauthorized", sentence);
        memory_free(sentence);
        return exit_code;
    }
    if (poll(&gone, 1, PATIENCE_MS) != 1) {
        char *sentence = memory_format("The node on %s was told to end and has not. Its log may "
                                       "say why; kill -9 %ld ends it at once.",
                                       cli->data_directory, (long)run->pid);
        int exit_code = cli_print_failure("timeout", sentence);
        memory_free(sentence);
        return exit_code;
    }
    (void)fputs("Stopped the node on ", stdout);
    cli_print_untrusted(cli->data_directory);
    (void)puts(comes_back ? ".\nSystemd starts it again; to end it for good: sudo systemctl stop "
                            "hearthchat@NAME"
                          : ".");
    return CLI_DONE;
}

int cli_stop_run(int argc, char **argv)
{
    struct cli cli = {.command = "stop",
                      .usage = "hearthchat stop [--data DIR]\n"
                               "\n"
                               "Ends the node that runs on this directory, in order, and waits "
                               "until it is gone.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    int exit_code = CLI_DONE;
    if (cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        struct run_file run;
        int process = open_node(&cli, &run);
        if (process >= 0) {
            exit_code = end_node(&cli, process, &run);
            (void)close(process);
        } else {
            char *sentence =
                memory_format("hearthchat: no node is running on %s.\n", cli.data_directory);
            cli_print_untrusted_to(stderr, sentence);
            memory_free(sentence);
            exit_code = CLI_NO_NODE;
        }
    }
    cli_arguments_deinit(&cli);
    return exit_code;
}
