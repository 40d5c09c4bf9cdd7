#include "server/cli_kept_log.h"

#include "core/memory.h"
#include "handlers/wire_code.h"
#include "store/data_directory.h"
#include "store/device_key.h"

enum result cli_kept_log_find(const struct cli *cli, struct cli_kept_log *kept_out,
                              struct error *error)
{
    enum result result = device_key_load(cli->data_directory, &kept_out->key, error);
    if (result == RESULT_OK &&
        data_directory_find_community(cli->data_directory, &kept_out->community_id) != RESULT_OK) {
        signing_key_deinit(&kept_out->key);
        result =
            error_set(error, RESULT_NOT_FOUND, "This node is in no community: there is no log.");
    }
    if (result == RESULT_OK) {
        kept_out->directory =
            data_directory_community_path(cli->data_directory, &kept_out->community_id);
    }
    return result;
}

void cli_kept_log_release(struct cli_kept_log *kept)
{
    signing_key_deinit(&kept->key);
    memory_free(kept->directory);
}

int cli_kept_log_fail(enum result result, const struct error *error)
{
    return cli_print_failure(wire_code_name(wire_code_of_append(result)), error->message);
}
