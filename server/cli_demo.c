#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/thread.h"
#include "protocol/json_build.h"
#include "server/cli.h"
#include "server/run_file.h"

/* Three neighbours, each a process of this program on a directory of its own. */
struct neighbour {
    const char *name;
    char *directory;
    pid_t pid;           /* 0: it is off */
    struct run_file run; /* of when it was up last: its ports stay its own */
};

enum { NEIGHBOURS = 3, PATIENCE_MS = 15000, LOOK_EVERY_MS = 20, MOST_ARGUMENTS = 12 };

static pid_t spawn(const char *const *arguments, bool quiet)
{
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL); // NOLINT(concurrency-mt-unsafe): one thread
        (void)setpgid(0, 0); /* Ctrl-C is for us, who then stop them in order */
        if (quiet && (freopen("/dev/null", "w", stdout) == NULL)) {
            _exit(CLI_FAILED);
        }
        (void)execv("/proc/self/exe", (char *const *)(uintptr_t)arguments);
        _exit(CLI_FAILED);
    }
    return pid;
}

static bool run_to_end(const char *const *arguments)
{
    int status = 0;
    pid_t pid = spawn(arguments, true);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Waits for run.json, which is there once the node answers. */
static bool wait_until_up(struct neighbour *neighbour)
{
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += LOOK_EVERY_MS) {
        int status = 0;
        if (run_file_find(neighbour->directory, &neighbour->run) == RESULT_OK) {
            return true;
        }
        if (waitpid(neighbour->pid, &status, WNOHANG) == neighbour->pid) {
            neighbour->pid = 0;
            return false;
        }
        (void)usleep(LOOK_EVERY_MS * 1000);
    }
    return false;
}

static bool start(struct neighbour *neighbour)
{
    const char *colon = strrchr(neighbour->run.ui, ':');
    char *peer_port = memory_format("%u", (unsigned)neighbour->run.peer_port);
    const char *const serve[MOST_ARGUMENTS] = {
        "hearthchat",         "serve",     "--data",
        neighbour->directory, "--ui-port", colon == NULL ? "0" : colon + 1,
        "--peer-port",        peer_port,   "--peer-host",
        "127.0.0.1",          NULL};
    neighbour->pid = spawn(serve, true);
    bool started = neighbour->pid > 0 && wait_until_up(neighbour);
    memory_free(peer_port);
    return started;
}

static bool make(struct neighbour *neighbour, bool founds)
{
    const char *const init[MOST_ARGUMENTS] = {"hearthchat",
                                              "init",
                                              "--data",
                                              neighbour->directory,
                                              "--name",
                                              neighbour->name,
                                              founds ? "--community" : NULL,
                                              "Our street",
                                              "--revoke-signatures",
                                              "1",
                                              NULL};
    char *config = memory_format("%s/hearthchat.ini", neighbour->directory);
    FILE *file = run_to_end(init) ? fopen(config, "ae") : NULL;
    bool made = file != NULL;
    if (made) {
        (void)fprintf(file, "[observability]\nlog_file = %s/node.log\n", neighbour->directory);
        made = fclose(file) == 0;
    }
    memory_free(config);
    return made;
}

static bool invite(const struct neighbour *inviter, const struct neighbour *invitee)
{
    struct cli inviting = {.data_directory = inviter->directory};
    struct cli joining = {.data_directory = invitee->directory};
    json_t *node = NULL;
    json_t *invitation = NULL;
    json_t *joined = NULL;
    bool done = cli_call_node(&joining, "/api/v1/node", NULL, &node) == CLI_DONE;
    if (done) {
        json_t *input =
            json_build_pack("{s:s,s:s}", "invitee_node_id", cli_call_text(node, "node_id"),
                            "display_name", invitee->name);
        done = cli_call_node(&inviting, "/api/v1/invites", input, &invitation) == CLI_DONE;
    }
    if (done) {
        json_t *input = json_build_pack("{s:s}", "invite", cli_call_text(invitation, "invite"));
        done = cli_call_node(&joining, "/api/v1/community/join", input, &joined) == CLI_DONE;
    }
    json_decref(node);
    json_decref(invitation);
    json_decref(joined);
    return done;
}

static void stop(struct neighbour *neighbour)
{
    if (neighbour->pid > 0) {
        (void)kill(neighbour->pid, SIGTERM);
        (void)waitpid(neighbour->pid, NULL, 0);
        neighbour->pid = 0;
    }
}

static void stop_all(struct neighbour *neighbours)
{
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        if (neighbours[i].pid > 0) {
            (void)kill(neighbours[i].pid, SIGTERM);
        }
    }
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        stop(&neighbours[i]);
    }
}

static void remove_tree(const char *path)
{
    const char *const arguments[] = {"rm", "-rf", "--", path, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp("rm", (char *const *)(uintptr_t)arguments);
        _exit(CLI_FAILED);
    }
    if (pid > 0) {
        (void)waitpid(pid, NULL, 0);
    }
}

static void flip(struct neighbour *neighbour)
{
    const char *name = neighbour->name;
    if (neighbour->pid > 0) {
        stop(neighbour);
        (void)printf("%s is off: what is sent to %s is queued. %c switches on again.\n", name, name,
                     tolower(name[0]));
    } else if (start(neighbour)) {
        (void)printf("%s is on: what was queued is delivered.\n", name);
    } else {
        stop(neighbour);
        (void)printf("%s could not be started again; %c tries once more.\n", name,
                     tolower(name[0]));
    }
    (void)fflush(stdout);
}

/* Keys count as they are pressed, and are not echoed. False: nobody presses any here. */
static bool begin_keys(struct termios *before_out)
{
    if (tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, before_out) != 0) {
        return false;
    }
    struct termios keys = *before_out;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    return tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}

static void take_keys(struct neighbour *neighbours)
{
    char key = '\0';
    while (thread_wait_for_input(STDIN_FILENO)) {
        if (read(STDIN_FILENO, &key, 1) != 1) {
            thread_wait_for_stop_signal();
            return;
        }
        for (size_t i = 0; i < NEIGHBOURS; i++) {
            if (tolower((unsigned char)key) == tolower(neighbours[i].name[0])) {
                flip(&neighbours[i]);
            }
        }
    }
}

static int play(struct neighbour *neighbours)
{
    struct termios before;
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        if (!make(&neighbours[i], i == 0) || !start(&neighbours[i]) ||
            (i > 0 && !invite(&neighbours[0], &neighbours[i]))) {
            return cli_print_failure("internal_error", "A neighbour could not be started.");
        }
    }
    bool has_keys = begin_keys(&before);
    (void)printf("Three neighbours of one community. Open their tabs and let them talk:\n\n");
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        (void)printf("  %-6s %s/\n", neighbours[i].name, neighbours[i].run.ui);
    }
    (void)fputs(has_keys ? "\nThe keys a, b and j switch Alice, Bob and Jana off, and on again.\n"
                         : "\n",
                stdout);
    (void)printf("Ctrl-C ends it and removes everything.\n");
    (void)fflush(stdout);
    if (has_keys) {
        take_keys(neighbours);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    } else {
        thread_wait_for_stop_signal();
    }
    return CLI_DONE;
}

int cli_demo_run(int argc, char **argv)
{
    struct cli cli = {
        .command = "demo",
        .usage =
            "hearthchat demo\n"
            "\n"
            "Starts Alice, Bob and Jana, three nodes of one community, in a "
            "temporary directory,\nand prints their tabs' addresses. The keys a, b and j switch "
            "them off, and on again.\nCtrl-C removes all of it.\n"};
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    struct neighbour neighbours[NEIGHBOURS] = {
        {.name = "Alice"}, {.name = "Bob"}, {.name = "Jana"}};
    char root[] = "/tmp/hearthchat-demo-XXXXXX";
    int exit_code = CLI_DONE;
    if (!cli_arguments_parse(&cli, argc, argv, options, 0, 0, &exit_code)) {
        cli_arguments_deinit(&cli);
        return exit_code;
    }
    cli_arguments_deinit(&cli);
    if (mkdtemp(root) == NULL) {
        return cli_print_failure("internal_error",
                                 "There is no room for a temporary directory in /tmp.");
    }
    thread_block_signals();
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        neighbours[i].directory = memory_format("%s/%s", root, neighbours[i].name);
    }
    exit_code = play(neighbours);
    stop_all(neighbours);
    remove_tree(root);
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        memory_free(neighbours[i].directory);
    }
    return exit_code;
}
