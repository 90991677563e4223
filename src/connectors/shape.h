/*
 * shape.h
 *
 * JSON kept as data with places to fill in: a document whose strings are
 * templates (template.h).
 *
 *   "{{a.b}}"                   the value itself, whatever its type
 *   "{{a|max:5}}"               a text; after number or boolean that, after json the value
 *   "No. {{a}}"                 a text
 *   [{"{{#list}}": shape}]      a list with the shape once for each element; so is the object alone
 *
 * What has nothing to say is left out: a place whose value is absent, a text
 * that comes out empty, an object all of whose members are left out.
 */
#ifndef FF_CONNECTORS_SHAPE_H
#define FF_CONNECTORS_SHAPE_H

#include "connectors/template.h"

/* False when nothing was written. */
extern bool ff_shape_write(FfJsonWriter *writer, const char *key, const FfJson *shape,
						   const FfTemplateScope *scope);

/* Whether it can be filled, whatever the values; false with a path and a sentence. */
extern bool ff_shape_check(const FfJson *shape, char **path, char **problem);

#endif
