/* Calls dmv_redact_client.h for attack.py. */
#include "../dmv_redact_client.h"

enum { FIELDS = 64 };

static unsigned char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    unsigned char *data;
    if (!file || fseek(file, 0, SEEK_END) != 0)
        exit(2);
    *length = (size_t)ftell(file);
    rewind(file);
    data = malloc(*length + 1);
    if (!data || fread(data, 1, *length, file) != *length)
        exit(2);
    fclose(file);
    return data;
}

static const char *dash(const char *text)
{
    return *text ? text : "-";
}

int main(void)
{
    static char line[1 << 20];
    while (fgets(line, sizeof line, stdin)) {
        char *fields[FIELDS], *from = line, *to = line;
        struct dmv_client_attribute attributes[FIELDS];
        struct dmv_client_answer answer;
        size_t count = 0, length, i;
        unsigned char *message;
        /* What was 2 digits is a byte, and each field ends with a zero. */
        fields[count++] = to;
        for (; *from != '\n'; from++) {
            char digits[3] = {from[0], from[1], 0};
            if (*from == '\t') {
                *to++ = 0;
                fields[count++] = to;
            } else {
                *to++ = (char)strtoul(digits, NULL, 16);
                from++;
            }
        }
        *to = 0;
        message = read_file(fields[3], &length);
        for (i = 5; i < count; i += 2) {
            attributes[i / 2 - 2].name = fields[i];
            attributes[i / 2 - 2].value = fields[i + 1];
        }
        if (dmv_client_redact(fields[0], message, length, attributes, (count - 5) / 2, atoi(fields[1]), (size_t)atol(fields[2]), &answer)) {
            printf("output ");
            for (i = 0; i < answer.length; i++)
                printf("%02x", answer.output[i]);
            printf("\n");
        } else if (answer.output || answer.length)
            printf("an output of what is withheld\n");
        else
            printf("withheld %s %s %s \n", dash(answer.disposition), dash(answer.reason), dash(answer.review));
        fflush(stdout);
        free(answer.output);
        free(message);
    }
    return 0;
}
