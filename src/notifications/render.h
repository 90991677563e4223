/*
 * render.h
 *
 * Texts for people from templates: {{name}}, {{packages.0.carrier}}, sections
 * {{#packages}}…{{/packages}} once per element (or once when there is a value)
 * and {{^packages}}…{{/packages}} when there is none.  Values go in as they are:
 * the result is plain text.
 */
#ifndef FF_NOTIFICATIONS_RENDER_H
#define FF_NOTIFICATIONS_RENDER_H

#include "postgres.h"

#include "pg/json.h"

/* Never throws: what a template gets wrong stays empty.  palloc'd. */
extern char *ff_template_render(const char *text, const FfJson *data);

#endif
