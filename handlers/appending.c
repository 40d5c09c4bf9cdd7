#include "handlers/appending.h"

static void go_on(struct request *request, void *context)
{
    struct appending *appending = context;
    (void)request;
    appending->then(appending);
}

void appending_done(void *context, const struct append_answer *answer)
{
    struct appending *appending = context;
    appending->answer = *answer;
    appending->request->go_on(appending->request, go_on, appending);
}
