/*
 * xml_path.h
 *
 * XPath 1.0 over XML that came from outside, under the rules of xml.h: no DTD,
 * nothing is loaded, and namespaces are not looked at, so "//Order" finds an
 * Order of any namespace.
 */
#ifndef FF_PG_XML_PATH_H
#define FF_PG_XML_PATH_H

#include "postgres.h"

typedef struct FfXml FfXml;

/* Lives as long as the current memory context; NULL with a palloc'd reason. */
extern FfXml *ff_xml_open(const char *text, size_t length, char **error);

/* "$name" in paths. */
extern void ff_xml_variable(FfXml *xml, const char *name, const char *value);

typedef struct FfXmlFound
{
	int count;
	void **nodes; /* NULL where it is no node */
	char **texts; /* without the blanks around them */
} FfXmlFound;

/* What a path finds from a node, or from the root when that is NULL; nothing for a wrong path. */
extern FfXmlFound ff_xml_find(FfXml *xml, void *node, const char *path);

/* False with a sentence when it is no XPath expression. */
extern bool ff_xml_path_check(const char *path, char **problem);

#endif
