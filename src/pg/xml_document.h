/*
 * xml_document.h
 *
 * What the files about XML share, and nobody else includes, for it shows
 * libxml2.
 */
#ifndef FF_PG_XML_DOCUMENT_H
#define FF_PG_XML_DOCUMENT_H

#include "postgres.h"

#include <libxml/tree.h>

/* The caller frees it with xmlFreeDoc.  NULL with a palloc'd reason in *error, which may be NULL.
 */
extern xmlDocPtr ff_xml_document(const char *text, size_t length, char **error);

#endif
