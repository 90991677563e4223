/*
 * text.h
 *
 * Text from outside, made fit to be stored and shown.  All answers are
 * palloc'd; nothing throws.
 */
#ifndef FF_MODEL_TEXT_H
#define FF_MODEL_TEXT_H

#include "postgres.h"

/*
 * Text for people: line breaks and any number of blanks become one blank,
 * blanks at the ends and characters that control or turn around what stands
 * beside them go.
 */
extern char *ff_text_clean(const char *text);

/* An identifier loses blanks at its ends; NULL when it holds what nobody can see. */
extern char *ff_text_identifier(const char *text);

/* Whether it has the shape of one e-mail address that can be sent to. */
extern bool ff_text_is_email(const char *text);

/* At most 40 bytes of it, fit to be quoted in a message. */
extern char *ff_text_excerpt(const char *text);

#endif
