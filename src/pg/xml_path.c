/*
 * xml_path.c
 *
 * XPath of libxml2 behind a small door; see xml_path.h.  What libxml2 allocates
 * for a document goes when the memory context does that it was opened in.
 */
#include "postgres.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "pg/xml_document.h"
#include "pg/xml_path.h"

#define MOST_STEPS 5000000 /* of one expression */

struct FfXml
{
	xmlDocPtr document;
	xmlXPathContextPtr paths;
	MemoryContextCallback end;
};

/* libxml2 would write to the server's log. */
#if LIBXML_VERSION >= 21200
static void
be_silent(void *context, const xmlError *error)
#else
static void
be_silent(void *context, xmlErrorPtr error)
#endif
{
	(void) context;
	(void) error;
}

static void
let_go(void *argument)
{
	FfXml *xml = argument;

	if (xml->paths != NULL)
		xmlXPathFreeContext(xml->paths);
	if (xml->document != NULL)
		xmlFreeDoc(xml->document);
}

static void
drop_namespaces(xmlNodePtr node)
{
	for (; node != NULL; node = node->next)
	{
		if (node->type != XML_ELEMENT_NODE)
			continue;
		node->ns = NULL;
		for (xmlAttrPtr attribute = node->properties; attribute != NULL;
			 attribute = attribute->next)
			attribute->ns = NULL;
		drop_namespaces(node->children);
	}
}

static xmlXPathContextPtr
open_paths(xmlDocPtr document)
{
	xmlXPathContextPtr paths = xmlXPathNewContext(document);

	if (paths == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	paths->error = be_silent;
	paths->opLimit = MOST_STEPS;
	return paths;
}

FfXml *
ff_xml_open(const char *text, size_t length, char **error)
{
	FfXml *xml = palloc0(sizeof(FfXml));

	xml->end.func = let_go;
	xml->end.arg = xml;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &xml->end);
	xml->document = ff_xml_document(text, length, error);
	if (xml->document == NULL)
		return NULL;
	drop_namespaces(xmlDocGetRootElement(xml->document));
	xml->paths = open_paths(xml->document);
	return xml;
}

void
ff_xml_variable(FfXml *xml, const char *name, const char *value)
{
	(void) xmlXPathRegisterVariable(xml->paths, (const xmlChar *) name, xmlXPathNewCString(value));
}

/* Text of libxml2 as ours. */
static char *
take_text(xmlChar *text)
{
	const char *start = text != NULL ? (const char *) text : "";
	size_t length;
	char *copy;

	start += strspn(start, " \t\r\n");
	length = strlen(start);
	while (length > 0 && strchr(" \t\r\n", start[length - 1]) != NULL)
		length--;
	copy = pnstrdup(start, length);
	xmlFree(text);
	return copy;
}

static void
take_found(xmlXPathObjectPtr result, FfXmlFound *found)
{
	xmlNodeSetPtr set = result->type == XPATH_NODESET ? result->nodesetval : NULL;

	if (result->type != XPATH_NODESET)
	{
		found->count = 1;
		found->nodes = palloc0(sizeof(void *));
		found->texts = palloc(sizeof(char *));
		found->texts[0] = take_text(xmlXPathCastToString(result));
		return;
	}
	found->count = set != NULL ? set->nodeNr : 0;
	found->nodes = palloc(sizeof(void *) * (found->count + 1));
	found->texts = palloc(sizeof(char *) * (found->count + 1));
	for (int i = 0; i < found->count; i++)
	{
		found->nodes[i] = set->nodeTab[i];
		found->texts[i] = take_text(xmlXPathCastNodeToString(set->nodeTab[i]));
	}
}

FfXmlFound
ff_xml_find(FfXml *xml, void *node, const char *path)
{
	FfXmlFound found = {.count = 0};
	xmlXPathObjectPtr volatile result;

	xml->paths->node = node != NULL ? node : (void *) xml->document;
	xml->paths->opCount = 0;
	result = xmlXPathEvalExpression((const xmlChar *) path, xml->paths);
	if (result == NULL)
		return found;
	PG_TRY();
	{
		take_found(result, &found);
	}
	PG_FINALLY();
	{
		xmlXPathFreeObject(result);
	}
	PG_END_TRY();
	return found;
}

bool
ff_xml_path_check(const char *path, char **problem)
{
	xmlXPathContextPtr paths = open_paths(NULL);
	xmlXPathCompExprPtr compiled = xmlXPathCtxtCompile(paths, (const xmlChar *) path);
	bool fine = compiled != NULL;

	if (compiled != NULL)
		xmlXPathFreeCompExpr(compiled);
	xmlXPathFreeContext(paths);
	if (!fine)
		*problem = pstrdup("It is no XPath expression.");
	return fine;
}
