/* What a host without its master still serves: emergency.def. */
#include "emergency.h"

#include <string.h>

static const char *const emergency[] = {
#define EMERGENCY(class, message) #class "." #message,
#include "emergency.def"
#undef EMERGENCY
};

bool message_emergency(const struct message *m)
{
    for (size_t i = 0; i < sizeof(emergency) / sizeof(emergency[0]); i++)
        if (strcmp(emergency[i], m->name) == 0)
            return true;
    return false;
}
