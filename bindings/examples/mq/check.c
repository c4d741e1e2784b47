/* Compares the constants that the test assumes with those of a header: `cc check.c -I MQ_INSTALLATION_PATH/inc`. Ends with 1 and a
 * line for each that differs. */
#include <cmqec.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  int different = 0;
#define NUMBER(name, value) \
  if ((long)(name) != (long)(value)) different = 1, printf("%s: %ld, not %ld\n", #name, (long)(name), (long)(value));
#define TEXT(name, value) \
  if (strcmp(name, value)) different = 1, printf("%s: '%s', not '%s'\n", #name, name, value);
#include "constants.h"
  if (MQ_Q_NAME_LENGTH != 48) different = 1, printf("MQ_Q_NAME_LENGTH: %d, not 48\n", (int)MQ_Q_NAME_LENGTH);
  return different;
}
