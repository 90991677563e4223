/*
 * xml.h
 *
 * The one way this extension reads XML that came from outside.  A document
 * becomes JSON, so that it is read like any other: an element is its text, or
 * an object of its children by their local names, a list where a name stands
 * several times; attributes are members "@name", text beside them is "#text".
 * Namespaces are not looked at.
 *
 * Nothing is loaded from anywhere: a document with a DTD is refused, and so is
 * one that is nested deeper than any message.  All is palloc'd; nothing throws
 * for what a document holds.
 */
#ifndef FF_PG_XML_H
#define FF_PG_XML_H

#include "postgres.h"

#include "pg/json.h"

/* {"root": …}; NULL with a palloc'd reason in *error, which may be NULL. */
extern FfJson *ff_xml_parse(const char *text, size_t length, char **error);

/* Text as it stands between tags and in attributes; characters XML cannot have are left out. */
extern char *ff_xml_escape(const char *text);

#endif
