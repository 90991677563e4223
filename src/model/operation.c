/*
 * operation.c
 *
 * Names of the operations, from the one list.
 */
#include "postgres.h"

#include "model/operation.h"

static const struct
{
	const char *name;
	const char *role;
} operations[] = {
#define FF_OPERATION(symbol, name, role) {name, role},
#include "model/operations.h"
#undef FF_OPERATION
};

const char *
ff_operation_name(FfOperation operation)
{
	return operations[operation].name;
}

const char *
ff_operation_role(FfOperation operation)
{
	return operations[operation].role;
}

FfOperation
ff_operation_from_name(const char *name)
{
	for (int i = 0; i < FF_OPERATION_COUNT; i++)
		if (strcmp(operations[i].name, name) == 0)
			return (FfOperation) i;
	return FF_OPERATION_COUNT;
}
