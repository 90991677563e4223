/*
 * json_path.h
 *
 * PostgreSQL's own jsonpath over values of json.h.  A path is text here; one
 * that came from a user is checked when it is written down.
 */
#ifndef FF_PG_JSON_PATH_H
#define FF_PG_JSON_PATH_H

#include "pg/json.h"

/* A list of all it finds, empty when nothing.  variables is an object, "$name" in the path. */
extern FfJson *ff_json_path_all(const FfJson *json, const char *path, const FfJson *variables);

/* Whether its first result is there and neither false nor null. */
extern bool ff_json_path_holds(const FfJson *json, const char *path, const FfJson *variables);

/* False with a sentence: no jsonpath, or one that names an unknown variable. */
extern bool ff_json_path_check(const char *path, const FfJson *variables, char **problem);

#endif
