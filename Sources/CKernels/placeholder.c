int ingot_placeholder(void);
