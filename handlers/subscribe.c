#include "handlers/endpoints.h"

void subscribe_handle(struct exchange *exchange, const struct services *services)
{
    services->subscribe(services->node, exchange);
}
