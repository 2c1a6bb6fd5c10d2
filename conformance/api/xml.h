/* XML-RPC as the XenAPI speaks it, to and from cJSON trees. */
#ifndef API_XML_H
#define API_XML_H

#include <cjson/cJSON.h>

/* The text of a call, to be freed. `params` is a list. */
char *xml_encode_call(const char *method, const cJSON *params);

/* The value in a response, to be deleted; NULL: that is no response. */
cJSON *xml_decode_response(const char *text);

#endif
