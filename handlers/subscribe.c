#include "handlers/endpoints.h"

void subscribe_handle(struct request *request, const struct services *services)
{
    services->subscribe(services->node, request);
}
