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
 * pad:N, zeros:N, money (two decimals), plain:N (no markup or control
 * characters), given and family (the parts of a person's name), number (nothing
 * when it is none), boolean, text, or:path (that value when there is none),
 * map:path (what the object there has under this name, as it is or in small
 * letters, or else under "*"), swap:path
 * (the same, or else the value itself), unmapped:path (the value, unless the
 * object there has its name), sum:a*b (first, of a list: the sum of
 * the products of these members).
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

#define FF_TEMPLATE_DEPTH 16

/* Where paths are looked for. */
typedef struct FfTemplateScope
{
	const FfJson *values[FF_TEMPLATE_DEPTH]; /* innermost last */
	int numbers[FF_TEMPLATE_DEPTH];
	int depth;
} FfTemplateScope;

extern const FfJson *ff_template_look_up(const FfTemplateScope *scope, const char *path);
/* Goes into the number-th element of a list; false: too deep.  To leave, lessen depth. */
extern bool ff_template_enter(FfTemplateScope *scope, const FfJson *value, int number);

#define FF_TEMPLATE_BYTES (50 * 1024 * 1024) /* largest result */

/* The filled text, palloc'd; NULL with a sentence in *problem when the template is wrong. */
extern char *ff_template_fill(const char *text, const FfJson *values, FfEscape escape,
							  char **problem);

extern char *ff_template_fill_in(const char *text, const FfTemplateScope *scope, FfEscape escape,
								 char **problem);
/* One place, "a.b|max:5", without escaping; "" when absent. */
extern char *ff_template_place(const char *place, const FfTemplateScope *scope, char **problem);

/*
 * Whether it can be filled at all, whatever the values: false with a sentence
 * about what is wrong.
 */
extern bool ff_template_check(const char *text, char **problem);

/*
 * One value through filters, "a.b|max:5", without escaping; "" when absent.  A path is looked for
 * in inner first, which may be NULL and is the number-th of its list.
 */
extern char *ff_template_value(const char *place, const FfJson *values, const FfJson *inner,
							   int number, char **problem);

/* template_filter.c: text through one filter "name:argument"; NULL with a problem. */
extern char *ff_template_filter(const FfTemplateScope *scope, char *filter, char *text,
								char **problem);
extern char *ff_template_sum(const FfJson *list, const char *members);

#endif
