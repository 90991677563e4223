/*
 * xml.c
 *
 * libxml2 behind a small door; see xml.h.  What libxml2 allocates is freed
 * before anything of PostgreSQL that may throw out of memory is asked for
 * more than text; should it throw all the same, the document is freed by the
 * PG_TRY around the walk.
 */
#include "postgres.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "pg/xml.h"
#include "pg/xml_document.h"

#define DEEPEST    30 /* FF_JSON_DEPTH, less the root and a list */
#define OPTIONS    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)
#define MOST_BYTES (256 * 1024 * 1024)

static void
say(char **error, const char *reason)
{
	if (error != NULL)
		*error = pstrdup(reason);
}

/* The last complaint of libxml2 in one line. */
static char *
complaint(void)
{
	const xmlError *last = xmlGetLastError();
	char *text = pstrdup(last && last->message ? last->message : "it is not well-formed");

	text[strcspn(text, "\r\n")] = '\0';
	return last && last->line > 0 ? psprintf("line %d: %s", last->line, text) : text;
}

xmlDocPtr
ff_xml_document(const char *text, size_t length, char **error)
{
	xmlDocPtr document;

	if (length == 0 || length > MOST_BYTES)
	{
		say(error, length == 0 ? "it is empty" : "it is too large");
		return NULL;
	}
	xmlInitParser();
	xmlResetLastError();
	document = xmlReadMemory(text, (int) length, NULL, NULL, OPTIONS);
	if (document == NULL)
		say(error, complaint());
	else if (document->intSubset != NULL || document->extSubset != NULL ||
			 xmlDocGetRootElement(document) == NULL)
	{
		xmlFreeDoc(document);
		document = NULL;
		say(error, "it has a DTD, or no root");
	}
	return document;
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* The text directly inside an element, with the blanks around it taken off. */
static char *
own_text(xmlNodePtr node)
{
	StringInfoData text;
	char *start;
	size_t length;

	initStringInfo(&text);
	for (xmlNodePtr child = node->children; child != NULL; child = child->next)
		if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
			child->content != NULL)
			appendStringInfoString(&text, (const char *) child->content);
	start = text.data + strspn(text.data, " \t\r\n");
	length = strlen(start);
	while (length > 0 && strchr(" \t\r\n", start[length - 1]) != NULL)
		length--;
	return pnstrdup(start, length);
}

static xmlNodePtr
next_element(xmlNodePtr node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

static bool
stands_before(xmlNodePtr first, xmlNodePtr node)
{
	for (; first != node; first = first->next)
		if (first->type == XML_ELEMENT_NODE && xmlStrEqual(first->name, node->name))
			return true;
	return false;
}

static xmlNodePtr
next_of_name(xmlNodePtr node)
{
	for (xmlNodePtr other = node->next; other != NULL; other = other->next)
		if (other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name))
			return other;
	return NULL;
}

static void
write_attributes(FfJsonWriter *writer, xmlNodePtr node)
{
	for (xmlAttrPtr attribute = node->properties; attribute != NULL; attribute = attribute->next)
	{
		const char *value = attribute->children && attribute->children->content
								? (const char *) attribute->children->content
								: "";

		ff_write_text(writer, psprintf("@%s", attribute->name), value);
	}
}

/* False when it is nested too deeply. */
static bool
write_element(FfJsonWriter *writer, const char *key, xmlNodePtr node, int depth)
{
	xmlNodePtr first = next_element(node->children);
	char *text = own_text(node);
	bool fits = true;

	if (writer->depth >= DEEPEST)
		return false;
	if (first == NULL && node->properties == NULL)
	{
		ff_write_text(writer, key, text);
		return true;
	}
	ff_write_object(writer, key);
	write_attributes(writer, node);
	if (!is_blank(text))
		ff_write_text(writer, "#text", text);
	for (xmlNodePtr child = first; child != NULL && fits; child = next_element(child->next))
	{
		if (stands_before(first, child))
			continue;
		if (next_of_name(child) == NULL)
		{
			fits = write_element(writer, (const char *) child->name, child, depth + 1);
			continue;
		}
		ff_write_array(writer, (const char *) child->name);
		for (xmlNodePtr same = child; same != NULL && fits; same = next_of_name(same))
			fits = write_element(writer, NULL, same, depth + 1);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	return fits;
}

static FfJson *
read_written(FfJsonWriter *writer, bool fits, char **error)
{
	FfJson *json;

	ff_write_finish(writer);
	if (!fits)
	{
		say(error, "it is nested too deeply");
		return NULL;
	}
	json = ff_json_parse(writer->text.data, writer->text.len, error);
	pfree(writer->text.data);
	return json;
}

FfJson *
ff_xml_parse(const char *text, size_t length, char **error)
{
	xmlDocPtr document = ff_xml_document(text, length, error);
	FfJsonWriter writer;
	volatile bool fits = false;

	if (document == NULL)
		return NULL;
	PG_TRY();
	{
		xmlNodePtr root = xmlDocGetRootElement(document);

		ff_write_init(&writer);
		ff_write_object(&writer, NULL);
		fits = write_element(&writer, (const char *) root->name, root, 1);
	}
	PG_FINALLY();
	{
		xmlFreeDoc(document);
	}
	PG_END_TRY();
	return read_written(&writer, fits, error);
}

char *
ff_xml_escape(const char *text)
{
	StringInfoData escaped;

	initStringInfo(&escaped);
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
	{
		switch (*c)
		{
			case '&':
				appendStringInfoString(&escaped, "&amp;");
				break;
			case '<':
				appendStringInfoString(&escaped, "&lt;");
				break;
			case '>':
				appendStringInfoString(&escaped, "&gt;");
				break;
			case '"':
				appendStringInfoString(&escaped, "&quot;");
				break;
			case '\'':
				appendStringInfoString(&escaped, "&apos;");
				break;
			case '{': /* so that no text reads like the name of a secret */
				appendStringInfoString(&escaped, "&#123;");
				break;
			default:
				if (*c >= 0x20 || *c == '\t' || *c == '\n' || *c == '\r')
					appendStringInfoChar(&escaped, (char) *c);
		}
	}
	return escaped.data;
}
