/*
 * template.h
 *
 * Texts with places to fill in, kept as data: file layouts, connectors that
 * are only data.  A template can look things up, repeat and leave out, and do
 * nothing else.
 *
 *   {{a.b.0.c}}        the value at a path, escaped for where it stands
 *   {{a|max:35}}       … through filters, from left to right
 *   {{#a}} … {{/a}}    once for each element of a list, once for an object or
 *                      a value that is neither absent, false nor ""
 *   {{^a}} … {{/a}}    when it is absent, false, "" or an empty list
 *   {{.}}              the element itself; {{@number}}: its place, from 1;
 *                      {{@comma}}: a comma before all but the first
 *   {{&a}}             the value as it is, for text that is escaped already
 *   {{secret:name}}    is left as it is: the transport puts secrets in
 *
 * A path is looked for in the innermost element first, then outwards.  What is
 * absent is nothing.  Filters: upper, lower, max:N, digits, ascii, date, time,
 * datetime, comma (a decimal comma), json (the value as JSON), default:text,
 * pad:N, zeros:N.
 */
#ifndef FF_CONNECTORS_TEMPLATE_H
#define FF_CONNECTORS_TEMPLATE_H

#include "postgres.h"

#include "pg/json.h"

typedef enum FfEscape
{
	FF_ESCAPE_NONE,
	FF_ESCAPE_XML,
	FF_ESCAPE_JSON, /* inside quotes */
	FF_ESCAPE_URL
} FfEscape;

#define FF_TEMPLATE_BYTES (50 * 1024 * 1024) /* largest result */

/* The filled text, palloc'd; NULL with a sentence in *problem when the template is wrong. */
extern char *ff_template_fill(const char *text, const FfJson *values, FfEscape escape,
							  char **problem);

/*
 * One value through filters, "a.b|max:5", without escaping; "" when absent.  A path is looked for
 * in inner first, which may be NULL and is the number-th of its list.
 */
extern char *ff_template_value(const char *place, const FfJson *values, const FfJson *inner,
							   int number, char **problem);

#endif
