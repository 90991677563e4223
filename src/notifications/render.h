/*
 * render.h
 *
 * Texts for people from templates: {{name}}, {{packages.0.carrier}}, sections
 * {{#packages}}…{{/packages}} once per element (or once when there is a value)
 * and {{^packages}}…{{/packages}} when there is none.  Values go into plain
 * text as they are, into HTML with what is markup there escaped.
 */
#ifndef FF_NOTIFICATIONS_RENDER_H
#define FF_NOTIFICATIONS_RENDER_H

#include "postgres.h"

#include "pg/json.h"

/* Never throws: what a template gets wrong stays empty.  palloc'd. */
extern char *ff_template_render(const char *text, const FfJson *data, bool html);

#endif
