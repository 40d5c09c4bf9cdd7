#include "handlers/handlers.h"

void subscribe_handle(struct request *request, const struct node_parts *parts)
{
    parts->subscribe(parts->node, request);
}
