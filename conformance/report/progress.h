/* How far a run is: a bar with the time left on a terminal, else plain lines. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

/* The first call begins. Both go to stderr. */
void progress_show(int done, int all, int bad);
/* The bar makes room for what is printed next. */
void progress_end(void);

#endif
